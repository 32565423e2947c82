import OpzIO
import OpzJSON
public import OpzOCI
public import OpzRegistry
public import OpzTrust

/// `opz attest`: attaches a document about a version's image, as a signed statement if there is a key.
public struct AttestVersion: Sendable {
  private let version: Registry.Version
  private let session: Session

  /// Prepares attestations of a version. Nothing is attached before `run`.
  public init(_ version: Registry.Version, in session: Session) {
    self.version = version
    self.session = session
  }

  /// - Parameters:
  ///   - document: JSON.
  ///   - key: nil attaches the document unsigned, which only bills of materials and scans can be.
  ///   - source: `.scan` for the result of this registry's own scan.
  ///   - subject: the document's name for errors.
  /// - Throws: `FlowError` of category `usage` for a document that cannot be attached, `TrustError`, `RegistryError`.
  public func run(
    _ type: PredicateType, _ document: [UInt8], with key: PrivateKey?,
    from source: ModelState.Attachment.Source = .here,
    subject: String, registry: Registry
  ) async throws -> Descriptor {
    guard document.count <= Evidence.limit else {
      throw FlowError(
        .usage, subject, reason: "its \(document.count) bytes exceed the limit of \(Evidence.limit) for attachments")
    }
    let value = try StrictJSON.read(document, subject: subject)
    guard type != .signature else {
      throw FlowError(
        .usage, subject, reason: "a signature is not a document", hint: "opz sign \(version.record.reference)")
    }
    guard type != .approval else {
      throw FlowError(
        .usage, subject, reason: "an approval is not a document",
        hint: "opz approve \(version.record.reference) --for ALIAS --key FILE")
    }
    if type == .billOfMaterials { try await checkBillOfMaterials(value, subject, registry: registry) }
    if type == .scan { _ = try ScanVerdict.read(value, subject: subject) }
    if type == .sqlVerification { _ = try SQLVerdict(value, subject: subject) }
    // Gates would silently ignore a document with an invalid time.
    try type.checkTimes(value, now: session.author.at, subject: subject)
    return try await blocking { [self] in
      if let key {
        return try AttestVersion.attach(
          type, document, to: version, with: key, from: source, registry: registry, session: session)
      }
      guard let media = AttestVersion.media[type] else {
        throw FlowError(
          .usage, subject, reason: "a statement of the type \(type) counts only when it is signed",
          hint: "add --key FILE")
      }
      return try registry.attach(document, media, to: version, from: source, by: session.author)
    }
  }

  private func checkBillOfMaterials(_ document: JSONValue, _ subject: String, registry: Registry) async throws {
    var images: Set<Digest> = [version.record.image.digest]
    if version.record.image.mediaType.isIndex {
      let content = VersionContent(registry: registry, record: version.record, session: session)
      images.formUnion(try await content.index(version.record.image).content.manifests.map(\.digest))
    }
    try ModelBOM.check(document, about: images, now: session.author.at, subject: subject)
  }

  /// The media types of documents that can be attached unsigned.
  static let media: [PredicateType: MediaType] = [
    .billOfMaterials: ModelBOM.mediaType, .scan: ScanVerdict.mediaType,
    .sqlVerification: SQLVerdict.mediaType,
  ]

  /// - Parameter predicate: JSON; the signature covers its exact bytes.
  static func attach(
    _ type: PredicateType, _ predicate: [UInt8], to version: Registry.Version, with key: PrivateKey,
    from source: ModelState.Attachment.Source = .here, registry: Registry, session: Session
  ) throws -> Descriptor {
    var subjects = [Statement.Subject(version.record.image.digest, name: version.record.reference)]
    // Signatures and approvals cover the record too, because metrics and lineage are in it and the image does not refer
    // to it.
    if type == .signature || type == .approval {
      subjects.append(.init(version.recordDigest, name: "\(version.record.reference)/version.json"))
    }
    let statement = try Statement(about: subjects, type.uri, predicate, subject: version.record.reference)
    let envelope = try DSSEEnvelope(signing: statement.payload, DSSEEnvelope.inToto, with: [key])
    let bundle = try SigstoreBundle(envelope, by: key.publicKey).encode()
    return try registry.attach(
      bundle, SigstoreBundle.mediaType, to: version,
      annotations: [
        SigstoreBundle.contentAnnotation: "dsse-envelope", SigstoreBundle.predicateAnnotation: type.uri,
        "org.opencontainers.image.created": session.author.at.seconds,
      ], from: source, by: session.author)
  }
}
