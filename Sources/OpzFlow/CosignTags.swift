import OpzIO
import OpzOCI
import OpzStore

/// What cosign keeps beside an image under tags of its own: `sha256-HEX.sig`, `.att` and `.sbom`.
enum CosignTags {
  struct Tagged: Sendable {
    let tag: String
    let descriptor: Descriptor
  }

  /// Those that exist for these digests.
  static func of(_ digests: [Digest], in source: some ReferrerReader) async throws -> [Tagged] {
    let tags = digests.flatMap { digest in
      ["sig", "att", "sbom"].map { "\(digest.algorithm.rawValue)-\(digest.hex.prefix(64)).\($0)" }
    }
    return try await concurrently(tags) { tag in
      try await source.named(tag).map { Tagged(tag: tag, descriptor: $0) }
    }.compactMap { $0 }
  }
}
