import OpzIO
public import SystemPackage

/// A directory for one test, removed when deallocated.
public final class TemporaryDirectory: Sendable {
  public let path: FilePath

  /// Creates an empty directory with a unique name.
  /// - Throws: when it cannot be created.
  public init() throws {
    path = try Directory.temporary(prefix: "opz-test-")
  }

  deinit {
    try? Durable.removeTree(path)
  }

  /// Writes a file below the directory, creating parent directories.
  @discardableResult
  public func write(_ name: String, _ text: String, mode: UInt32 = 0o644) throws -> FilePath {
    let place = path.appending(name)
    try Durable.makeDirectory(place.removingLastComponent())
    try Durable.replace(place, with: Array(text.utf8), mode: mode)
    return place
  }

  /// Everything below the directory, sorted; links are not followed.
  public func tree() throws -> [String] {
    var found: [String] = []
    func walk(_ directory: FilePath, _ prefix: String) throws {
      for entry in try Directory.entries(directory) {
        let name = prefix + entry.string
        found.append(name)
        let place = directory.appending(entry)
        if try FileStatus.of(place, followLinks: false).kind == .directory { try walk(place, name + "/") }
      }
    }
    try walk(path, "")
    return found
  }
}
