public import OpzFormats
import OpzIO
import OpzStore
import OpzYAML
public import SystemPackage

/// Reads opz.yaml strictly: unknown keys, wrong types and invalid values are errors with file, line and key.
public enum ConfigReader {
  /// Reads a file.
  /// - Parameters:
  ///   - overrides: `key.path=value` with values in YAML; they override the file's.
  ///   - formats: those that `model.format` may name.
  /// - Throws: `ConfigError` with all problems, of which up to ten are shown.
  public static func read(
    _ path: FilePath, overrides: [String] = [], formats: ModelFormats = .standard
  ) throws -> ProjectConfig {
    let file = path.lastComponent?.string ?? "opz.yaml"
    guard let status = try FileStatus.find(path) else {
      let shown = path.lexicallyNormalized()
      let directory = shown.removingLastComponent().string.isEmpty ? "." : shown.removingLastComponent()
      try ProjectDirectory.require(directory)
      throw ConfigError(shown.string, "no such file", hint: "opz init \(directory) writes one", category: .notFound)
    }
    // Checked before opening, because opening a pipe would wait for a writer.
    guard status.kind == .file else { throw ConfigError(path.string, "not a regular file") }
    guard status.size <= UInt64(YAMLRules.settings.bytes) else {
      throw ConfigError(path.string, "\(status.size) bytes are too many for opz.yaml")
    }
    let bytes = try SmallFile.read(path, limit: YAMLRules.settings.bytes)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ConfigError(path.string, "the text is not UTF-8", hint: "save the file as UTF-8")
    }
    return try read(text, file: file, overrides: overrides, formats: formats)
  }

  /// Reads the text of an opz.yaml.
  public static func read(
    _ text: String, file: String = "opz.yaml", overrides: [String] = [], formats: ModelFormats = .standard
  ) throws -> ProjectConfig {
    guard text.utf8.count <= YAMLRules.settings.bytes else {
      throw ConfigError(file, "\(text.utf8.count) bytes are too many for opz.yaml")
    }
    let marked = text.unicodeScalars.first == "\u{FEFF}"
    let plain = marked ? String(text.unicodeScalars.dropFirst()) : text
    let root = try ConfigError.reading(file) { () throws(YAMLProblem) in try YAMLReader.readOne(plain, .settings) }
    guard var document = root, !document.isNull else {
      throw ConfigError(file, "the file is empty", hint: "remove it, then run opz init")
    }
    guard document.isMap else {
      throw ConfigError("\(file):\(document.line)", "\(document.kind) where keys such as name: and model: belong")
    }
    for override in overrides { try ConfigOverride(override).apply(to: &document) }
    let problems = KeyProblems(
      file: file, shorthandPaths: ["model", "runtime", "push"], hint: ConfigKeys.hint(unknown:in:keys:))
    let config = ConfigParts(document, problems, formats: formats).config()
    guard problems.all.isEmpty, var config else {
      throw ConfigError(problems.all, category: problems.areOverrides ? .usage : .failed)
    }
    config.locations = problems.locations
    return config
  }
}
