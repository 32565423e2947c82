import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTrust

/// Reads the attachments of a version.
struct VersionAttachments {
  private let version: Registry.Version
  private let session: Session

  init(_ version: Registry.Version, _ session: Session) {
    self.version = version
    self.session = session
  }

  /// All attachments with when and by whom they were attached, the latest last.
  func evidence(_ registry: Registry) async throws -> [(evidence: Evidence, attachment: ModelState.Attachment)] {
    try await evidence(registry) { ($0, $1) }
  }

  /// The results of `body` for each part of each attachment, the latest last. Only one part is held in memory at a
  /// time.
  func evidence<Value>(
    _ registry: Registry, _ body: (Evidence, ModelState.Attachment) throws -> Value
  ) async throws -> [Value] {
    let content = VersionContent(registry: registry, record: version.record, session: session)
    var found: [Value] = []
    for attachment in try registry.state(version.name).attachments(of: version) {
      let parts = try await Evidence.all(
        in: attachment.descriptor, about: version.record.image.digest, now: session.author.at, from: content)
      for part in parts { found.append(try body(part, attachment)) }
    }
    return found
  }
}
