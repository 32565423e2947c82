public import SystemPackage

/// Looks for programs as a shell does.
public enum ProgramSearch {
  /// The directories where PATH is not set.
  public static let usualDirectories = "/usr/local/bin:/usr/bin:/bin"

  /// The first executable file of a name in the directories of PATH; nil if there is none.
  ///
  /// A name with a slash is a path already, and is not searched for. Directories of PATH that are not absolute are passed
  /// over: what they hold depends on where the program was started.
  public static func find(_ name: String, in environment: [String: String]) -> FilePath? {
    guard !name.isEmpty else { return nil }
    if name.contains("/") { return FilePath(name) }
    for directory in (environment["PATH"] ?? usualDirectories).split(separator: ":") where directory.hasPrefix("/") {
      let path = FilePath(String(directory)).appending(name)
      if let status = (try? FileStatus.find(path)) ?? nil, status.kind == .file, status.mode & 0o111 != 0 {
        return path
      }
    }
    return nil
  }
}
