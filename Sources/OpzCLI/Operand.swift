import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore
import SystemPackage

/// What an argument names: a path, or a version.
enum Operand {
  /// `./x`, `/x` and `.` are paths, and so is a directory with an opz.yaml that is no model's name.
  static func isProject(_ text: String, _ session: Session) -> Bool {
    if text == "." || text == ".." || text.hasPrefix("./") || text.hasPrefix("../") || text.hasPrefix("/") {
      return true
    }
    let marker = session.path(text).appending("opz.yaml")
    return !text.contains("@") && ((try? FileStatus.find(marker)) ?? nil) != nil
  }

  /// Whether an argument of `opz sign` and `opz verify` is a model's files on the disk and no version of the registry.
  ///
  /// `./x`, `/x`, `.` are paths, and so is what exists, unless it has an `@`. What could be both is neither.
  /// - Throws: `FlowError` for a path that is the name of a model, too.
  static func isModelFiles(_ text: String, _ session: Session) throws -> Bool {
    if text == "." || text == ".." || ["./", "../", "/"].contains(where: text.hasPrefix) { return true }
    guard !text.contains("@"), try FileStatus.find(session.path(text), followLinks: false) != nil else { return false }
    guard let reference = try? LocalReference(parsing: text), let registry = try? session.openRegistry(),
      let version = try? registry.find(reference)
    else { return true }
    throw FlowError(
      .usage, text, "it is a path here and a model of the registry",
      hint: "write ./\(text) for the files, or \(version.record.reference) for the version")
  }

  /// The path that an argument names, without a `./` that messages would repeat.
  static func path(_ text: String, _ session: Session) -> FilePath {
    var rest = text[...]
    while rest.hasPrefix("./") { rest = rest.dropFirst(2).drop { $0 == "/" } }
    return session.path(rest.isEmpty ? "." : String(rest))
  }

  /// Copies the pinned runtimes of the session's registry into another one.
  static func lendRuntimes(from session: Session, to directory: FilePath) async throws {
    let target = try Registry.create(directory)
    guard let source = try? session.openRegistry() else { return }
    for (platform, image) in try source.runtimes() {
      _ = try await copy(image, from: source.store, to: target.store)
      try target.pin(image, for: platform)
    }
  }
}
