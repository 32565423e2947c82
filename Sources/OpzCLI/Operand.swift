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
