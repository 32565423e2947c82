import OpzIO
import OpzOCI
import OpzStore
import OpzTrust

/// The tags under which cosign stores data about an image: `sha256-HEX.sig`, `.att` and `.sbom` (cosign,
/// SIGNATURE_SPEC.md, "Tag-based discovery").
enum CosignTags {
  struct Tagged: Sendable {
    let tag: String
    let descriptor: Descriptor
    let kind: Kind
  }

  enum Kind: String, CaseIterable, Sendable {
    case signatures = "sig"
    case attestations = "att"
    case bills = "sbom"

    /// The kinds that are signed.
    static let attached: [Kind] = [.signatures, .attestations]

    /// The media type of a layer.
    var mediaType: MediaType {
      switch self {
      case .signatures: SimpleSigning.mediaType
      case .attestations: DSSEEnvelope.mediaType
      case .bills: ModelBOM.mediaType
      }
    }

    /// The artifact type of the attachment that holds the layers in the local registry.
    var artifactType: MediaType { self == .signatures ? SimpleSigning.artifactType : mediaType }

    /// The images that a layer's content is about.
    /// - Throws: `TrustError` if the content is invalid.
    func subjects(_ layer: Descriptor, _ bytes: [UInt8]) throws -> Set<Digest> {
      let subject = layer.digest.short
      switch self {
      case .signatures: return [try SimpleSigning(layer, bytes, subject: subject).image]
      case .attestations:
        return try Statement(DSSEEnvelope(bytes, subject: subject).payload, subject: subject).subjects
      case .bills: return []
      }
    }
  }

  static func name(_ digest: Digest, _ kind: Kind) -> String {
    TagMapping.attachmentTag(of: digest, suffix: kind.rawValue)
  }

  /// The existing tags of these digests.
  static func of(_ digests: [Digest], in source: some ReferrerReader) async throws -> [Tagged] {
    let tags = digests.flatMap { digest in Kind.allCases.map { (tag: name(digest, $0), kind: $0) } }
    return try await concurrently(tags) { tag, kind in
      try await source.named(tag).map { Tagged(tag: tag, descriptor: $0, kind: kind) }
    }.compactMap { $0 }
  }

  /// The manifest for one tag: the last attachment if it has the layers of all, or else a manifest that joins them.
  static func joined(_ all: [Manifest], _ kind: Kind) throws -> Manifest? {
    guard let last = all.last else { return nil }
    var seen: Set<Descriptor> = []
    let layers = all.flatMap(\.content.layers).filter { seen.insert($0).inserted }
    if layers.count == last.content.layers.count { return last }
    return try Manifest(
      Manifest.Content(artifactType: kind.artifactType, config: .emptyConfig, layers: layers))
  }
}
