import OpzDistribution
public import OpzIO
public import OpzOCI
import OpzRegistry

/// What a push delivered and where, as verified at the destination (registry/receipt.schema.json). It contains no
/// secrets.
public struct Receipt: Codable, Sendable, Hashable {
  public static let currentFormat = 1

  /// A blob or manifest at the destination, and how it got there.
  public struct Blob: Codable, Sendable, Hashable {
    public let mediaType: MediaType
    public let digest: Digest
    /// Bytes.
    public let size: UInt64
    /// `sent`, `mounted` or `existed`.
    public let outcome: String
  }

  /// A manifest that was pushed because it refers to the image or to another pushed manifest.
  public struct Referrer: Codable, Sendable, Hashable {
    public let digest: Digest
    public let size: UInt64
    public let artifactType: MediaType?
    /// The digest of the manifest that it refers to.
    public let subject: Digest
  }

  /// A tag that the push wrote.
  public struct Tag: Codable, Sendable, Hashable {
    /// `HOST/REPO:TAG`.
    public let reference: String
    /// The digest that it named before; nil for a new tag.
    public let previous: Digest?
  }

  public var format = Receipt.currentFormat
  public let name: String
  public let version: String
  /// The image's digest, read back from each tag.
  public let digest: Digest
  public let tags: [Tag]
  /// Every blob and document. Each was confirmed by HEAD, with this size.
  public let blobs: [Blob]
  public let referrers: [Referrer]
  public let bytes: TransferTotals
  /// RFC 3339.
  public let checked: String
  public let by: String
  public let tool: String
}

extension Receipt {
  init(
    _ version: Registry.Version, _ references: [Reference], report: RemoteDelivery.Report, ledger: TransferLedger,
    by author: Author, tool: String
  ) {
    name = version.name.description
    self.version = version.version.description
    digest = version.record.image.digest
    tags = references.map {
      Tag(reference: $0.description, previous: $0.tag.flatMap { report.previous[$0] })
    }
    blobs = report.content.map { descriptor in
      let outcome =
        switch ledger.outcome(of: descriptor.digest) {
        case .done: "sent"
        case .mounted: "mounted"
        case .existed, .failed, nil: "existed"
        }
      return Blob(
        mediaType: descriptor.mediaType, digest: descriptor.digest, size: descriptor.size, outcome: outcome)
    }
    referrers = report.referrers.map {
      Referrer(
        digest: $0.descriptor.digest, size: $0.descriptor.size, artifactType: $0.descriptor.artifactType,
        subject: $0.subject)
    }
    bytes = ledger.totals
    checked = Timestamp.now().description
    by = author.actor
    self.tool = tool
  }
}
