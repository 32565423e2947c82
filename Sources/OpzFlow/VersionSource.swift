import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTrust

/// A version of the local registry with what refers to it: its record, and what was attached to it.
struct VersionSource: ReferrerReader {
  let version: Registry.Version
  let content: VersionContent
  /// With short annotations, in the order of their making.
  private let entries: [(subject: Digest, descriptor: Descriptor)]

  /// Reads what was attached. What is neither here nor where the version was pushed to is left out, and said.
  static func open(_ version: Registry.Version, _ registry: Registry, _ session: Session) async throws -> VersionSource
  {
    let content = VersionContent(registry: registry, record: version.record, session: session)
    var entries: [(subject: Digest, descriptor: Descriptor)] = []
    let state = try registry.state(version.name)
    let attached = state.attachments(of: version).map(\.descriptor.bare) + (state.referrers[version.version] ?? [])
    for candidate in [version.artifact] + attached {
      do {
        let bytes = try await content.bytes(candidate)
        if let entry = try ReferrerEntry(bytes, candidate.bare) {
          entries.append((entry.subject, entry.descriptor.light))
        }
      } catch let error as any ExplainedError where error.category == .notFound && candidate != version.artifact {
        session.progress.report(.note("\(candidate.digest.short) was attached to the version and is not here"))
      }
    }
    return VersionSource(version: version, content: content, entries: entries)
  }

  func contains(_ descriptor: Descriptor) async throws -> Bool { try await content.contains(descriptor) }
  func blob(_ descriptor: Descriptor) async throws -> any Blob { try await content.blob(descriptor) }

  func referrers(of digest: Digest) async throws -> [Descriptor] {
    entries.filter { $0.subject == digest }.map(\.descriptor)
  }

  /// Where the readers of simple signing look. The latest has the signatures of those before it, too.
  func named(_ tag: String) async throws -> Descriptor? {
    guard tag == SimpleSigning.tag(version.record.image.digest) else { return nil }
    return entries.last {
      $0.subject == version.record.image.digest && $0.descriptor.artifactType == SimpleSigning.artifactType
    }?.descriptor
  }
}
