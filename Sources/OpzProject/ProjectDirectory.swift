import OpzIO
import OpzYAML
public import SystemPackage

/// The directory of a project, as a user names it.
public enum ProjectDirectory {
  /// - Throws: `ConfigError` for what is no directory, with what was probably meant.
  public static func require(_ path: FilePath) throws {
    let shown = path.lexicallyNormalized()
    guard let status = try FileStatus.find(path) else {
      throw ConfigError(
        shown.string, "no such directory", hint: near(path) ?? "name a directory that has opz.yaml or a model",
        category: .notFound)
    }
    guard status.kind != .directory else { return }
    let parent = shown.removingLastComponent().string
    throw ConfigError(
      shown.string, "a file, where the directory of a project belongs",
      hint: "name the directory that it is in: \(parent.isEmpty ? "." : parent)", category: .usage)
  }

  /// A directory beside it whose name is alike.
  private static func near(_ path: FilePath) -> String? {
    let shown = path.lexicallyNormalized()
    guard let name = shown.lastComponent?.string else { return nil }
    let parent = shown.removingLastComponent()
    let place = parent.isEmpty ? "." : parent
    let directories = ((try? Directory.entries(place)) ?? []).filter { entry in
      (try? FileStatus.find(place.appending(entry)))??.kind == .directory
    }
    return NearestName.find(name, in: directories.map(\.string)).map {
      "did you mean \(shown.removingLastComponent().appending($0))?"
    }
  }
}
