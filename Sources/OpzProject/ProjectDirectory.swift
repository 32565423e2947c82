import OpzIO
import OpzYAML
public import SystemPackage

/// The directory of a project, as a user names it.
public enum ProjectDirectory {
  /// - Throws: `ConfigError` for what is no directory, with what was probably meant.
  public static func require(_ path: FilePath) throws {
    let shown = path.lexicallyNormalized()
    guard let status = try FileStatus.find(path) else {
      throw ConfigError(shown.string, "no such directory", category: .notFound)
    }
    guard status.kind != .directory else { return }
    let parent = shown.removingLastComponent().string
    throw ConfigError(
      shown.string, "a file, where the directory of a project belongs",
      hint: "name the directory that it is in: \(parent.isEmpty ? "." : parent)", category: .usage)
  }
}
