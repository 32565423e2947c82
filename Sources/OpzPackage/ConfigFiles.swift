import OpzIO
public import SystemPackage

extension ProjectConfig {
  /// Checks that each file that opz.yaml names is there.
  /// - Throws: `ConfigError` of category `notFound` with file, line and key of each one that is not.
  public func checkFiles(in directory: FilePath) throws {
    var named: [(key: String, path: String)] = [("model.path", model.path)]
    named += code.enumerated().map { ("code.\($0)", $1) }
    named += config.enumerated().map { ("config.\($0)", $1) }
    named += lineage.data.enumerated().map { ("lineage.data.\($0)", $1) }
    if let metrics = lineage.metrics { named.append(("lineage.metrics", metrics)) }
    if let requirements = runtime.requirements { named.append(("runtime.requirements", requirements)) }
    var problems: [ConfigError.Problem] = []
    for (key, path) in named where try FileStatus.find(directory.pushing(FilePath(path))) == nil {
      problems.append(
        ConfigError.Problem(
          place: places.subject(key), key: key, reason: "\(path) does not exist", hint: nearest(path, in: directory)))
    }
    if !problems.isEmpty { throw ConfigError(problems, category: .notFound) }
  }

  private func nearest(_ path: String, in directory: FilePath) -> String? {
    let place = directory.pushing(FilePath(path))
    let there = (try? Directory.entries(place.removingLastComponent()).map(\.string)) ?? []
    guard let name = place.lastComponent?.string, let near = NearestName.find(name, in: there) else { return nil }
    return "did you mean \(near)?"
  }
}
