import OpzIO
import OpzOCI
import OpzStore
public import SystemPackage

/// Reads opz.yaml strictly: unknown keys, wrong types and impossible values are errors that name file, line and key.
public enum ConfigReader {
  /// - Parameters:
  ///   - overrides: `key.path=value`, the value in YAML; they come over what the file says.
  /// - Throws: `ConfigError` with all that is wrong, up to ten things.
  public static func read(_ path: FilePath, overrides: [String] = []) throws -> ProjectConfig {
    let file = path.lastComponent?.string ?? "opz.yaml"
    guard let status = try FileStatus.find(path), status.kind == .file else {
      throw ConfigError(
        path.string, "no such file", hint: "opz init \(path.removingLastComponent()) writes one", category: .notFound)
    }
    guard status.size <= UInt64(ConfigNode.maximumBytes) else {
      throw ConfigError(path.string, "\(status.size) bytes are more than opz.yaml ever has")
    }
    let bytes = try SmallFile.read(path, limit: ConfigNode.maximumBytes)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ConfigError(path.string, "the text is not UTF-8")
    }
    return try read(text, file: file, overrides: overrides)
  }

  /// Reads the text of an opz.yaml.
  public static func read(_ text: String, file: String = "opz.yaml", overrides: [String] = []) throws -> ProjectConfig {
    var document = try ConfigNode.parse(text, file: file)
    for override in overrides { try ConfigOverride(override).apply(to: &document) }
    let problems = ConfigProblems(file: file)
    let config = ConfigParts(document, problems).config()
    guard problems.all.isEmpty, var config else { throw ConfigError(problems.all) }
    config.places = problems.places
    return config
  }
}
