public import OpzIO
import OpzJSON

/// The file `model.sig`: a sigstore bundle over a model's manifest (OpenSSF model signing v1.0), signed with a key of one's own.
public struct ModelSignature: Sendable {
  /// Bytes of one signature: some 300,000 files.
  public static let limit = 64 << 20
  /// What it is called where nobody says otherwise.
  public static let fileName = "model.sig"

  /// Which key is said to have signed: the SHA-256 of its PEM in hex. Only a signature proves it.
  public let hint: String
  private let envelope: DSSEEnvelope

  /// - Throws: `TrustError.unsignable` for what the format has no place for, `TrustError.badKey` for a key that its readers do not take.
  public init(signing manifest: ModelManifest, with key: PrivateKey) throws {
    guard PublicKey.Use.files.kinds.contains(key.publicKey.kind) else {
      throw TrustError(.badKey, "the key", PublicKey.Use.files.refusal)
    }
    envelope = try DSSEEnvelope(signing: manifest.statement().payload, DSSEEnvelope.inToto, with: [key])
    hint = ModelSignature.hint(of: key.publicKey)
  }

  /// Reads a signature, but not yet what is signed.
  /// - Parameter subject: what errors name.
  /// - Throws: `TrustError.malformed`.
  public init(_ bytes: [UInt8], subject: String, now: Timestamp = .now()) throws {
    let bundle = try SigstoreBundle(bytes, subject: subject, now: now)
    guard let envelope = bundle.envelope, envelope.payloadType == DSSEEnvelope.inToto else {
      throw TrustError(.malformed, subject, "it signs no in-toto statement, so it is no model's signature")
    }
    hint = bundle.hint
    self.envelope = envelope
  }

  /// What is signed. Ask `isSigned` before: a stranger's may be anything.
  /// - Throws: `TrustError.malformed`.
  public func manifest(subject: String) throws -> ModelManifest {
    try ModelManifest(Statement(envelope.payload, subject: subject), subject: subject)
  }

  private static func hint(of key: PublicKey) -> String { Digest.of(Array(key.pem.utf8)).hex }

  /// Whether a key signed the manifest.
  public func isSigned(by key: PublicKey) -> Bool { envelope.isSigned(by: key) }

  /// Whether the signature says that it is of this key.
  public func names(_ key: PublicKey) -> Bool { hint == ModelSignature.hint(of: key) }

  /// - Throws: `TrustError.unsignable` for more bytes than are read again.
  public func encode() throws -> [UInt8] {
    let bytes = try CanonicalJSON.encode(
      JSONValue.object([
        "mediaType": .string(SigstoreBundle.mediaType.rawValue), "dsseEnvelope": envelope.document,
        "verificationMaterial": .object([
          "publicKey": .object(["hint": .string(hint)]), "tlogEntries": .array([]),
        ]),
      ]))
    guard bytes.count <= ModelSignature.limit else {
      throw TrustError(
        .unsignable, "the signature", "it would have \(bytes.count) bytes, and \(ModelSignature.limit) are read",
        hint: "the model has too many files")
    }
    return bytes
  }
}
