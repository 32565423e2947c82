import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// Generated files are for OCI tools. opz does not read them and can write them again.
extension Registry {
  /// The most entries that the registry's index keeps by itself.
  static let indexLimit = 50

  /// Makes a version's directory an OCI layout whose `blobs` is a link to the registry's.
  func exportLayout(of version: Version) throws { try Durable.publish(try layout(of: version)) }

  /// The files of a version's OCI layout, not yet published.
  func layout(of version: Version) throws -> [PendingFile] {
    let place = directory(version.name, version.version)
    let files = try layoutFiles(of: version).map { try PendingFile(replacing: place.appending($0), with: $1) }
    let link = place.appending("blobs")
    if try FileStatus.find(link, followLinks: false) != nil { return files }
    let up = String(repeating: "../", count: 3 + version.name.description.split(separator: "/").count)
    guard link.withPlatformString({ symlink(up + "blobs", $0) }) == 0 else { throw IOFailure.last("symlink", link) }
    return files
  }

  /// The generated files of a version's directory.
  func layoutFiles(of version: Version) throws -> [(file: String, bytes: [UInt8])] {
    let index = Index.Content(manifests: [entry(version, tag: version.version.description)])
    return [
      ("oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)), ("index.json", try CanonicalJSON.encode(index)),
    ]
  }

  /// Adds a version to the registry's index under its number or an alias.
  func exportIndex(adding version: Version, tag: String) throws {
    let lock = try FileLock.take(directory: root)
    var content = (try? store.index()) ?? Index.Content(manifests: [])
    content.manifests.removeAll { $0.annotations?[LayoutStore.tagAnnotation] == tag }
    content.manifests.append(entry(version, tag: tag))
    content.manifests = content.manifests.suffix(Registry.indexLimit)
    try store.write(content)
    _ = consume lock
  }

  /// Removes a version from the registry's index.
  func exportIndex(removing tag: String) throws {
    let lock = try FileLock.take(directory: root)
    var content = (try? store.index()) ?? Index.Content(manifests: [])
    content.manifests.removeAll { $0.annotations?[LayoutStore.tagAnnotation] == tag }
    try store.write(content)
    _ = consume lock
  }

  /// Writes the registry's index with every version and alias, for OCI tools.
  /// - Returns: the number of entries.
  public func exportWholeIndex() throws -> Int {
    var entries: [Descriptor] = []
    for name in try models() {
      let state = try state(name)
      for found in state.live {
        let version = try load(name, found)
        entries.append(entry(version, tag: version.record.reference))
        entries += state.aliases(of: found.version).map { entry(version, tag: "\(name)@\($0)") }
      }
    }
    let lock = try FileLock.take(directory: root)
    try store.write(Index.Content(manifests: entries))
    _ = consume lock
    return entries.count
  }

  private func entry(_ version: Version, tag: String) -> Descriptor {
    var descriptor = version.record.image
    descriptor.annotations = [LayoutStore.tagAnnotation: tag]
    return descriptor
  }
}
