import OpzIO
import OpzOCI
import OpzStore
import OpzTrust

/// What cosign keeps beside an image under tags of its own: `sha256-HEX.sig`, `.att` and `.sbom` (cosign, SIGNATURE_SPEC.md, "Tag-based discovery").
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

    /// Those that say something with a signature.
    static let attached: [Kind] = [.signatures, .attestations]

    /// Of a layer.
    var mediaType: MediaType {
      switch self {
      case .signatures: SimpleSigning.mediaType
      case .attestations: DSSEEnvelope.mediaType
      case .bills: ModelBOM.mediaType
      }
    }

    /// Of the artifact that the layers become in a registry.
    var artifactType: MediaType { self == .signatures ? SimpleSigning.artifactType : mediaType }

    /// What a layer's content is about.
    /// - Throws: `TrustError` where it is not what it should be.
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
    "\(digest.algorithm.rawValue)-\(digest.hex.prefix(64)).\(kind.rawValue)"
  }

  /// Those that exist for these digests.
  static func of(_ digests: [Digest], in source: some ReferrerReader) async throws -> [Tagged] {
    let tags = digests.flatMap { digest in Kind.allCases.map { (tag: name(digest, $0), kind: $0) } }
    return try await concurrently(tags) { tag, kind in
      try await source.named(tag).map { Tagged(tag: tag, descriptor: $0, kind: kind) }
    }.compactMap { $0 }
  }

  /// What one tag names of several attachments: the last where it has all, else a manifest of its own with the layers of each.
  static func joined(_ all: [Manifest], _ kind: Kind) throws -> Manifest? {
    guard let last = all.last else { return nil }
    var seen: Set<Descriptor> = []
    let layers = all.flatMap(\.content.layers).filter { seen.insert($0).inserted }
    if layers.count == last.content.layers.count { return last }
    return try Manifest(
      Manifest.Content(artifactType: kind.artifactType, config: .emptyConfig, layers: layers))
  }
}
