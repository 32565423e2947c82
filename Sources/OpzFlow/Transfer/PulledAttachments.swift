import OpzDistribution
import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTrust

/// Attaches to a version what a container registry has about its image: referrers, and the tags of cosign before
/// version 3.
///
/// Everything is fetched before the version exists here, and attached to it afterwards.
struct PulledAttachments: Sendable {
  /// Referrers that are in the store, in order of importance.
  private var referrers: [Descriptor] = []
  /// The layers of cosign's tags that are in the store.
  private var tagged: [(kind: CosignTags.Kind, layers: [Descriptor])] = []

  /// The most bytes of attachments that one pull fetches.
  fileprivate static let budget: UInt64 = 2 << 30
  fileprivate static let batch = 8

  /// - Parameter listed: the referrers of the image, in order of importance.
  static func fetch(
    _ listed: [Descriptor], about image: Digest, from remote: RemoteRepository, to store: LayoutStore,
    progress: any ProgressSink, _ left: SkippedContent
  ) async throws -> PulledAttachments {
    let fetch = Fetch(image: image, remote: remote, store: store, progress: progress, left: left)
    async let tagged = concurrently(CosignTags.Kind.attached) { kind in
      let tag = CosignTags.name(image, kind)
      let layers = try await left.trying("the tag \(tag)") {
        try await fetch.tag(tag, kind, but: Set(listed.map(\.digest)))
      }
      return (kind: kind, layers: layers.flatMap { $0 } ?? [])
    }
    var all = PulledAttachments()
    var rest = budget
    for start in stride(from: 0, to: listed.count, by: batch) {
      all.referrers += try await fetch.referrers(Array(listed[start..<min(start + batch, listed.count)]), &rest)
    }
    all.tagged = try await tagged
    return all
  }

  /// Attaches everything to the version, the most important first.
  func attach(
    to version: Registry.Version, _ registry: Registry, by author: Author, _ left: SkippedContent
  ) async throws {
    for descriptor in referrers {
      try await left.trying("the referrer \(descriptor.digest.short)") {
        let manifest = try await registry.store.manifest(descriptor)
        try await blocking { _ = try registry.attach(manifest, to: version, from: .pull, by: author) }
      }
    }
    for (kind, layers) in tagged where !layers.isEmpty {
      try await left.trying("the tag \(CosignTags.name(version.record.image.digest, kind))") {
        try await blocking {
          _ = try registry.attach(layers, kind.artifactType, to: version, from: .pull, by: author)
        }
      }
    }
  }

  /// Bytes of everything that a manifest references.
  /// - Throws: `FlowError` of category `verification` if that exceeds a limit.
  fileprivate static func size(of manifest: Manifest, within rest: UInt64) throws -> UInt64 {
    var size: UInt64 = 0
    for part in manifest.references {
      guard part.size <= UInt64(Evidence.limit), size + part.size <= rest else {
        throw FlowError(.verification, "\(manifest.descriptor.digest)", reason: "it is too large to be pulled")
      }
      size += part.size
    }
    return size
  }

  fileprivate struct Fetch: Sendable {
    let image: Digest
    let remote: RemoteRepository
    let store: LayoutStore
    let progress: any ProgressSink
    let left: SkippedContent
  }
}

extension PulledAttachments.Fetch {
  /// Fetches some referrers side by side if all fit, else one at a time: what is missing in the end must not take the
  /// place of what is not.
  /// - Parameter rest: the bytes that may be fetched, and then the bytes that are left.
  /// - Returns: the referrers that are in the store.
  fileprivate func referrers(_ some: [Descriptor], _ rest: inout UInt64) async throws -> [Descriptor] {
    let read = try await concurrently(some) { descriptor in
      try await left.trying("the referrer \(descriptor.digest.short)") {
        try await remote.manifest(descriptor.withoutAnnotations)
      }
    }
    let manifests = read.compactMap { $0 }
    var sizes: UInt64 = 0
    for manifest in manifests {
      sizes &+= (try? PulledAttachments.size(of: manifest, within: PulledAttachments.budget)) ?? 0
    }
    var found: [Descriptor] = []
    let width = sizes <= rest ? PulledAttachments.batch : 1
    for start in stride(from: 0, to: manifests.count, by: width) {
      let before = rest
      let fetched = try await concurrently(Array(manifests[start..<min(start + width, manifests.count)])) { manifest in
        let size = try await left.trying("the referrer \(manifest.descriptor.digest.short)") {
          try await fetch(manifest, within: before)
        }
        return size.map { (manifest.descriptor, $0) }
      }
      for (descriptor, size) in fetched.compactMap({ $0 }) {
        found.append(descriptor)
        rest -= min(rest, size)
      }
    }
    return found
  }

  /// - Returns: the bytes that the referrer takes.
  private func fetch(_ manifest: Manifest, within rest: UInt64) async throws -> UInt64 {
    let size = try PulledAttachments.size(of: manifest, within: rest)
    _ = try await copy(manifest.descriptor, from: remote, to: store, progress: progress)
    return size
  }

  /// Fetches the signatures or envelopes under a tag; nil if the tag is missing or its manifest is already listed as a
  /// referrer.
  fileprivate func tag(
    _ tag: String, _ kind: CosignTags.Kind, but listed: Set<Digest>
  ) async throws -> [Descriptor]? {
    guard let found = try await remote.named(tag), !listed.contains(found.digest) else { return nil }
    let manifest = try await remote.manifest(found)
    _ = try PulledAttachments.size(of: manifest, within: PulledAttachments.budget)
    let layers = Array(manifest.content.layers.prefix(Evidence.most))
    if manifest.content.layers.count > Evidence.most {
      await left.add(
        "part of the tag \(tag)", "only \(Evidence.most) of its \(manifest.content.layers.count) parts are read")
    }
    // Each is read into memory.
    let width = layers.allSatisfy { $0.size <= 1 << 20 } ? PulledAttachments.batch : 1
    return try await concurrently(layers, limit: width) { layer in
      try await left.trying("a part of the tag \(tag)") { try await take(layer, kind) }
    }.compactMap { $0 }
  }

  /// Stores a layer if it has the tag's media type and is about the image.
  private func take(_ layer: Descriptor, _ kind: CosignTags.Kind) async throws -> Descriptor {
    guard layer.mediaType == kind.mediaType else {
      throw FlowError(.verification, "\(layer.digest)", reason: "its media type is \(layer.mediaType)")
    }
    let bytes = try await remote.bytes(layer, limit: Evidence.limit)
    guard try kind.subjects(layer, bytes).contains(image) else {
      throw FlowError(.verification, "\(layer.digest)", reason: "it is about another image")
    }
    try await store.put(layer, from: BytesBlob(bytes))
    var kept = layer.withoutAnnotations
    kept.annotations = layer.annotations
    return kept
  }
}
