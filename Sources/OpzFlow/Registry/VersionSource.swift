import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore

/// A version of the local registry as a copy source: its image, its record, and what was attached to it.
struct VersionSource: ReferrerReader {
  let version: Registry.Version
  let content: VersionContent
  /// The referrers with short annotations, oldest first.
  private let entries: [(subject: Digest, descriptor: Descriptor)]
  /// The manifests for the image's cosign tags: the last attachment of a kind if it has all layers, or else a manifest
  /// that joins them.
  private let tags: [String: Manifest]

  /// Reads the attachments. One that is neither here nor where the version was pushed is skipped with a note.
  static func open(_ version: Registry.Version, _ registry: Registry, session: Session) async throws -> VersionSource {
    let content = VersionContent(registry: registry, record: version.record, session: session)
    let image = version.record.image.digest
    var entries: [(subject: Digest, descriptor: Descriptor)] = []
    var kinds: [CosignTags.Kind: [Manifest]] = [:]
    let state = try registry.state(version.name)
    let attached =
      state.attachments(of: version).map(\.descriptor.withoutAnnotations) + (state.referrers[version.version] ?? [])
    for candidate in [version.artifact] + attached {
      do {
        let bytes = try await content.bytes(candidate)
        if let entry = try ReferrerEntry(bytes, candidate.withoutAnnotations) {
          entries.append((entry.subject, entry.descriptor.withShortAnnotations))
          let kind = CosignTags.Kind.attached.first { $0.artifactType == entry.descriptor.artifactType }
          if let kind, entry.subject == image {
            kinds[kind, default: []].append(
              try Manifest(raw: bytes, mediaType: candidate.mediaType, subject: "\(candidate.digest)"))
          }
        }
      } catch let error as any ExplainedError where error.category == .notFound && candidate != version.artifact {
        session.progress.report(.note("\(candidate.digest.short) was attached to the version, but is missing"))
      }
    }
    var tags: [String: Manifest] = [:]
    for (kind, all) in kinds { tags[CosignTags.name(image, kind)] = try CosignTags.joined(all, kind) }
    return VersionSource(version: version, content: content, entries: entries, tags: tags)
  }

  func contains(_ descriptor: Descriptor) async throws -> Bool {
    if made(descriptor) != nil { return true }
    return try await content.contains(descriptor)
  }

  func blob(_ descriptor: Descriptor) async throws -> any Blob {
    if let made = made(descriptor) { return BytesBlob(made.raw) }
    return try await content.blob(descriptor)
  }

  private func made(_ descriptor: Descriptor) -> Manifest? {
    tags.values.first { $0.descriptor.digest == descriptor.digest }
  }

  func referrers(of digest: Digest) async throws -> [Descriptor] {
    entries.filter { $0.subject == digest }.map(\.descriptor)
  }

  /// The tags that podman, skopeo and cosign before version 3 look for.
  func named(_ tag: String) async throws -> Descriptor? { tags[tag]?.descriptor }
}
