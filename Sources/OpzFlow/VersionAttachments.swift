import OpzDistribution
import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTrust

/// What is attached to a version, on its way to container registries and back.
struct VersionAttachments {
  private let version: Registry.Version
  private let session: Session

  /// A registry may list any number of referrers, and anybody who may push can add some.
  private static let most = 256

  init(_ version: Registry.Version, _ session: Session) {
    self.version = version
    self.session = session
  }

  /// All that is attached, read and typed, with when and by whom it was attached; the latest last.
  func evidence(_ registry: Registry) async throws -> [(evidence: Evidence, attachment: ModelState.Attachment)] {
    try await evidence(registry) { ($0, $1) }
  }

  /// What `body` makes of each part of each attachment; the latest last. Each is read, given to it and forgotten.
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

  func pull(_ remote: RemoteRepository, to registry: Registry) async throws {
    let listed = try await remote.referrers(of: version.record.image.digest).filter {
      $0.artifactType != RecordArtifact.artifactType && $0.mediaType.isManifest
    }
    for descriptor in listed.prefix(VersionAttachments.most) {
      let manifest = try await remote.manifest(descriptor)
      guard manifest.content.subject?.digest == version.record.image.digest,
        manifest.references.allSatisfy({ $0.size <= UInt64(Evidence.limit) })
      else { continue }
      _ = try await copy(manifest.descriptor, from: remote, to: registry.store, progress: session.progress)
      try await blocking { [self] in _ = try registry.attach(manifest, to: version, by: session.author) }
    }
  }
}
