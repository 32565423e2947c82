import Foundation
public import OpzFormats
import OpzIO
import OpzOCI
import OpzYAML
public import SystemPackage

/// `opz init`: writes a commented opz.yaml for the model found in a directory.
public struct ProjectStarter: Sendable {
  private let directory: FilePath

  /// Creates a starter for the directory to search and to write opz.yaml in.
  public init(_ directory: FilePath) { self.directory = directory }

  /// Writes opz.yaml and returns its path.
  /// - Parameter formats: those that the model may have.
  /// - Throws: `ConfigError`, as a conflict if there is an opz.yaml, as not found if there is no model.
  public func write(_ formats: ModelFormats) throws -> FilePath {
    let path = directory.appending("opz.yaml")
    if try FileStatus.find(path, followLinks: false) != nil { throw existing(path) }
    guard let model = try findModel(formats) else { throw nothing(formats) }
    let text = try StarterText(
      name: modelName(), model: model.name, format: model.format, files: Set(Directory.entries(directory).map(\.string))
    )
    guard try Durable.createExclusively(path, with: Array(text.yaml.utf8)) else { throw existing(path) }
    return path
  }

  /// The error where no model is found: it says what is wrong with the only file that could be one.
  private func nothing(_ formats: ModelFormats) -> ConfigError {
    var (reason, hint) = ("this directory has no model that opz can read", formats.advice)
    if let error = formats.refusal(in: directory) {
      reason += "; \(error.subject): \(error.reason)"
      hint = error.hint ?? hint
    }
    return ConfigError(
      directory.lexicallyNormalized().string, reason,
      hint: [hint, "write opz.yaml with runtime: {kind: model}"].compactMap { $0 }.joined(separator: ", or "),
      category: .notFound)
  }

  private func existing(_ path: FilePath) -> ConfigError {
    let shown = path.lexicallyNormalized().string
    return ConfigError(shown, "the file already exists", hint: "edit it, or remove it first", category: .conflict)
  }

  /// The model: `model.*` first, then by name. A name that opz.yaml cannot contain is skipped.
  private func findModel(_ formats: ModelFormats) throws -> (name: String, format: String)? {
    var found: [(name: String, format: String)] = []
    for entry in try Directory.entries(directory) {
      guard let name = String(validating: entry.bytes, as: UTF8.self), !name.hasPrefix("."),
        !name.unicodeScalars.contains(where: ProjectStarter.isUnwritable),
        // Opening a pipe would wait for a writer.
        let kind = try FileStatus.find(directory.appending(entry))?.kind, kind == .file || kind == .directory,
        let format = formats.find(directory.appending(entry))?.format.name
      else { continue }
      found.append((name, format))
    }
    return found.first { $0.name.hasPrefix("model.") } ?? found.first
  }

  /// The reader refuses control characters in paths, and Yams drops a byte order mark at the beginning of a text.
  static func isUnwritable(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .control || scalar == "\u{FEFF}"
  }

  /// A model name derived from the directory's name.
  public func modelName() -> String {
    // "." and "" are the working directory, whose name is only in its absolute path.
    let whole = URL(fileURLWithPath: directory.isEmpty ? "." : directory.string).standardizedFileURL.path
    guard let name = FilePath(whole).lastComponent?.string else { return "model" }
    return ModelName.near(name.replacing("/", with: "-")) ?? "model"
  }
}
