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
    if mode & 0o111 == 0 {
      try Durable.replace(place, with: Array(text.utf8), mode: mode)
    } else {
      try writeProgram(place, text, mode: mode)
    }
    return place
  }

  /// Writes a program in a process of its own. A descriptor of this one would be in each child that another test starts
  /// meanwhile, until that child's exec, and what is open for writing cannot be run (ETXTBSY of execve(2)).
  private func writeProgram(_ place: FilePath, _ text: String, mode: UInt32) throws {
    let script = #"rm -f "$1" && cat >"$1" && chmod "$2" "$1""#
    let result = try ChildProcess.run(
      ["/bin/sh", "-c", script, "sh", place.string, String(mode, radix: 8)], input: Array(text.utf8))
    guard result.status == 0 else { throw ProgramNotWritten(description: result.errorText) }
  }

  private struct ProgramNotWritten: Error, CustomStringConvertible {
    let description: String
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
