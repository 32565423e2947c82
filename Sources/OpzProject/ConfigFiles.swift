import OpzIO
import OpzYAML
public import SystemPackage

extension ProjectConfig {
  /// Checks that each file named in opz.yaml exists, except the lock, which `opz lock` writes.
  /// - Throws: `ConfigError` with file, line and key of each missing one; of category `notFound` if nothing else is
  ///   wrong.
  public func checkFiles(in directory: FilePath) throws {
    var problems: [ConfigError.Problem] = []
    var category = ErrorCategory.notFound
    for named in namedFiles {
      let place = directory.pushing(FilePath(named.path)).withoutDots
      let status = try FileStatus.find(place)
      let reason: String
      switch status?.kind {
      case .file?: continue
      case .directory? where !named.isFile: continue
      case nil: reason = "\(named.path) does not exist"
      case .directory?: (reason, category) = ("\(named.path) is a directory", .failed)
      default: (reason, category) = ("\(named.path) is neither a file nor a directory", .failed)
      }
      problems.append(
        ConfigError.Problem(
          place: locations.subject(named.key), key: named.key, reason: reason,
          hint: status == nil ? nearest(named.path, in: directory) : nil))
    }
    if !problems.isEmpty { throw ConfigError(problems, category: category) }
  }

  private var namedFiles: [(key: String, path: String, isFile: Bool)] {
    var named = [(key: "model.path", path: model.path, isFile: false)]
    named += code.enumerated().map { ("code.\($0)", $1, false) }
    named += config.enumerated().map { ("config.\($0)", $1, false) }
    named += files.enumerated().map { ("files.\($0).path", $1.path, false) }
    named += lineage.data.enumerated().map { ("lineage.data.\($0)", $1, false) }
    if let metrics = lineage.metrics { named.append(("lineage.metrics", metrics, true)) }
    if let data = monitor?.data { named.append(("monitor.data", data, true)) }
    if let sql = features?.sql { named.append(("features.sql", sql, true)) }
    if let dbt = features?.dbt { named.append(("features.dbt", dbt, true)) }
    if let requirements = runtime.requirements { named.append(("runtime.requirements", requirements, true)) }
    return named
  }

  private func nearest(_ path: String, in directory: FilePath) -> String? {
    let place = directory.pushing(FilePath(path)).withoutDots
    let there = (try? Directory.entries(place.removingLastComponent()).map(\.string)) ?? []
    guard let name = place.lastComponent?.string, let near = NearestName.find(name, in: there) else { return nil }
    return "did you mean \(FilePath(path).removingLastComponent().appending(near))?"
  }
}
