import OpzDistribution
import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTrust

/// Attaches to a version what a container registry has about its image: referrers, and the tags of cosign before
/// version 3.
struct PulledAttachments {
  let version: Registry.Version
  let remote: RemoteRepository
  let registry: Registry
  let session: Session
  let left: SkippedContent

  private var image: Digest { version.record.image.digest }

  /// The most bytes of attachments that one pull fetches.
  private static let budget: UInt64 = 2 << 30

  /// - Parameter listed: the referrers of the image, in order of importance.
  func run(_ listed: [Descriptor]) async throws {
    var rest = PulledAttachments.budget
    for descriptor in listed {
      let what = "the referrer \(descriptor.digest.short)"
      let before = rest
      let size = try await left.trying(what) { try await bring(descriptor, within: before) }
      rest -= size ?? 0
    }
    for kind in CosignTags.Kind.attached {
      let tag = CosignTags.name(image, kind)
      try await left.trying("the tag \(tag)") { try await bring(tag, kind, but: Set(listed.map(\.digest))) }
    }
  }

  /// - Returns: the bytes that the referrer takes.
  private func bring(_ descriptor: Descriptor, within rest: UInt64) async throws -> UInt64 {
    let manifest = try await remote.manifest(descriptor.withoutAnnotations)
    let size = try PulledAttachments.size(of: manifest, within: rest)
    _ = try await copy(manifest.descriptor, from: remote, to: registry.store, progress: session.progress)
    try await attach(manifest)
    return size
  }

  private func attach(_ manifest: Manifest) async throws {
    try await blocking { _ = try registry.attach(manifest, to: version, from: .pull, by: session.author) }
  }

  /// Bytes of everything that a manifest references.
  /// - Throws: `FlowError` of category `verification` if that exceeds a limit.
  private static func size(of manifest: Manifest, within rest: UInt64) throws -> UInt64 {
    var size: UInt64 = 0
    for part in manifest.references {
      guard part.size <= UInt64(Evidence.limit), size + part.size <= rest else {
        throw FlowError(.verification, "\(manifest.descriptor.digest)", "it is too large to be pulled")
      }
      size += part.size
    }
    return size
  }

  // MARK: cosign's tags

  /// Attaches the signatures or envelopes under a tag, unless the tag is missing or its manifest was already listed as
  /// a referrer.
  private func bring(_ tag: String, _ kind: CosignTags.Kind, but listed: Set<Digest>) async throws {
    guard let found = try await remote.named(tag), !listed.contains(found.digest) else { return }
    let manifest = try await remote.manifest(found)
    _ = try PulledAttachments.size(of: manifest, within: PulledAttachments.budget)
    var layers: [Descriptor] = []
    for layer in manifest.content.layers.prefix(Evidence.most) {
      let part = "a part of the tag \(tag)"
      if let kept = try await left.trying(part, { try await take(layer, kind) }) { layers.append(kept) }
    }
    if manifest.content.layers.count > Evidence.most {
      await left.add(
        "part of the tag \(tag)", "only \(Evidence.most) of its \(manifest.content.layers.count) parts are read")
    }
    guard !layers.isEmpty else { return }
    let whole = layers
    try await blocking {
      _ = try registry.attach(whole, kind.artifactType, to: version, from: .pull, by: session.author)
    }
  }

  /// Stores a layer if it has the tag's media type and is about the image.
  private func take(_ layer: Descriptor, _ kind: CosignTags.Kind) async throws -> Descriptor {
    guard layer.mediaType == kind.mediaType else {
      throw FlowError(.verification, "\(layer.digest)", "its media type is \(layer.mediaType)")
    }
    let bytes = try await remote.bytes(layer, limit: Evidence.limit)
    guard try kind.subjects(layer, bytes).contains(image) else {
      throw FlowError(.verification, "\(layer.digest)", "it is about another image")
    }
    try await registry.store.put(layer, from: BytesBlob(bytes))
    var kept = layer.withoutAnnotations
    kept.annotations = layer.annotations
    return kept
  }
}
