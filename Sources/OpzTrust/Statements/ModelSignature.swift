public import OpzIO
import OpzJSON

/// A model's signature file (`model.sig`): a sigstore bundle over the model's manifest (OpenSSF model signing v1.0),
/// signed with a key rather than an identity.
public struct ModelSignature: Sendable {
  /// The most bytes of one signature, enough for about 300,000 files.
  public static let limit = 64 << 20
  /// The default file name.
  public static let fileName = "model.sig"

  /// The key that the signature names: the SHA-256 of its PEM, in hex. A hint proves nothing.
  public let hint: String
  private let envelope: DSSEEnvelope

  /// Signs a manifest.
  /// - Throws: `TrustError.unsignable` for a file name that the format cannot hold, `TrustError.badKey` for a kind of
  ///   key that its readers do not accept.
  public init(signing manifest: ModelManifest, with key: PrivateKey) throws {
    guard PublicKey.Use.files.kinds.contains(key.publicKey.kind) else {
      throw TrustError(.badKey, "the key", reason: PublicKey.Use.files.refusal)
    }
    envelope = try DSSEEnvelope(signing: manifest.statement().payload, DSSEEnvelope.inToto, with: [key])
    hint = ModelSignature.hint(of: key.publicKey)
  }

  /// Reads a signature without verifying or reading the manifest.
  /// - Parameter subject: names the signature in errors.
  /// - Throws: `TrustError.malformed`.
  public init(_ bytes: [UInt8], subject: String, now: Timestamp = .now()) throws {
    let bundle = try SigstoreBundle(bytes, subject: subject, now: now)
    guard let envelope = bundle.envelope, envelope.payloadType == DSSEEnvelope.inToto else {
      throw TrustError(
        .malformed, subject, reason: "it does not sign an in-toto statement, so it is not a model signature")
    }
    hint = bundle.hint
    self.envelope = envelope
  }

  /// Reads the signed manifest. Call `isSigned` first: anybody can write an unsigned one.
  /// - Throws: `TrustError.malformed`.
  public func manifest(subject: String) throws -> ModelManifest {
    try ModelManifest(Statement(envelope.payload, subject: subject), subject: subject)
  }

  private static func hint(of key: PublicKey) -> String { Digest.of(Array(key.pem.utf8)).hex }

  /// Whether the key signed the manifest.
  public func isSigned(by key: PublicKey) -> Bool { envelope.isSigned(by: key) }

  /// Whether the signature names this key. That alone proves nothing.
  public func names(_ key: PublicKey) -> Bool { hint == ModelSignature.hint(of: key) }

  /// The contents of the signature file.
  /// - Throws: `TrustError.unsignable` if the result would be larger than `limit`, and so unreadable.
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
        .unsignable, "the signature",
        reason: "it would have \(bytes.count) bytes, more than the \(ModelSignature.limit) that are read",
        hint: "the model has too many files")
    }
    return bytes
  }
}
