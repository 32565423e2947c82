import OpzIO
import OpzPackage
import OpzRegistry
import SystemPackage

/// Explains why a layer has to be built.
enum BuildReason {
  /// - Parameters:
  ///   - latest: the newest version of the model, to compare with.
  ///   - files: the files of that version.
  static func text(
    _ layer: PlannedLayer, since latest: Registry.Version?, files: [VersionRecord.File], cache: LayerCache
  ) -> String {
    guard let latest else { return "there is no version yet" }
    if case .packages(let source) = layer.source {
      return source.names.count == 1 ? "the \(source.noun) is new" : "one of these \(source.noun)s is new"
    }
    let old = Dictionary(
      files.filter { $0.role == layer.role.rawValue }.map { ($0.path, $0) },
      uniquingKeysWith: { one, _ in one })
    if old.isEmpty { return "\(latest.record.reference) has no \(layer.role) layer" }
    let current = layer.source.files.compactMap { RecordedFile.make($0, digest: cache.digest(of: $0)) }
    let added = current.filter { old[$0.path] == nil }
    let changed = current.filter { file in old[file.path].map { differs(file, $0) } ?? false }
    if !changed.isEmpty { return "\(list(changed)) changed since \(latest.version)" }
    if !added.isEmpty { return "\(list(added)) new since \(latest.version)" }
    return "the registry does not have the layer, or another version of opz built it"
  }

  private static func differs(_ file: VersionRecord.File, _ old: VersionRecord.File) -> Bool {
    guard file.size == old.size, file.mode == old.mode, file.link == old.link else { return true }
    // A file that has not been read may be unchanged, but it must be read because the cache does not know it.
    return file.digest != old.digest || (file.digest == nil && file.link == nil)
  }

  private static func list(_ files: [VersionRecord.File]) -> String {
    let names = files.prefix(2).map(\.path).joined(separator: ", ")
    return files.count > 2 ? "\(names) and \(files.count - 2) more" : names
  }
}
