import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore
import SystemPackage

/// Decides whether an argument is a path or a version.
enum Operand {
  /// Whether an argument is a project directory: `./x`, `/x`, `.`, or a directory that has an `opz.yaml`.
  static func isProject(_ text: String, _ session: Session) -> Bool {
    if text == "." || text == ".." || text.hasPrefix("./") || text.hasPrefix("../") || text.hasPrefix("/") {
      return true
    }
    let marker = session.path(text).appending("opz.yaml")
    return !text.contains("@") && ((try? FileStatus.find(marker)) ?? nil) != nil
  }

  /// Whether an argument of `opz sign`, `opz verify` and `opz scan` names files on disk, rather than a version.
  ///
  /// `./x`, `/x` and `.` are paths, and so is any existing path without `@`.
  /// - Throws: `FlowError` of category `usage` if a model has the same name as an existing path.
  static func isModelFiles(_ text: String, _ session: Session) throws -> Bool {
    if text == "." || text == ".." || ["./", "../", "/"].contains(where: text.hasPrefix) { return true }
    guard !text.contains("@"), try FileStatus.find(session.path(text), followLinks: false) != nil else { return false }
    guard let reference = try? LocalReference(parsing: text), let registry = try? session.openRegistry(),
      let version = try? registry.find(reference)
    else { return true }
    throw FlowError(
      .usage, text, reason: "it is both a path and a model of the registry",
      hint: "write ./\(text) for the files, or \(version.record.reference) for the version")
  }

  /// Copies the pinned runtimes of the session's registry into another registry.
  static func copyRuntimes(from session: Session, to directory: FilePath) async throws {
    let target = try Registry.create(directory)
    guard let source = try? session.openRegistry() else { return }
    for (platform, image) in try source.runtimes() {
      _ = try await copy(image, from: source.store, to: target.store)
      try target.pin(image, for: platform)
    }
  }
}
