internal import CCrypto
public import OpzIO

/// A key that verifies signatures: Ed25519, or ECDSA with the hash that sigstore pairs with the curve (protobuf-specs,
/// `PublicKeyDetails`).
public struct PublicKey: Sendable, Hashable {
  /// Algorithm and curve, named as in `opz sign --type`.
  public enum Kind: String, Sendable {
    /// With SHA-256.
    case ecdsaP256 = "ecdsa-p256"
    /// With SHA-384.
    case ecdsaP384 = "ecdsa-p384"
    /// With SHA-512.
    case ecdsaP521 = "ecdsa-p521"
    case ed25519
  }

  /// What a key signs. Readers of each format accept different kinds of key.
  public enum Use: Sendable {
    /// Images and statements about them: the kinds that cosign, podman and skopeo all accept.
    case images
    /// Model files (OpenSSF model signing v1.0).
    case files

    /// The kinds of key that all readers of the format accept.
    public var kinds: Set<Kind> {
      switch self {
      case .images: [.ecdsaP256, .ed25519]
      case .files: [.ecdsaP256, .ecdsaP384, .ecdsaP521]
      }
    }

    var refusal: String {
      switch self {
      case .images: "it is neither an ECDSA key on P-256 nor an Ed25519 key"
      case .files:
        "it is not an ECDSA key on P-256, P-384 or P-521, the kinds that every reader of model signatures accepts"
      }
    }
  }

  /// Algorithm and curve.
  public let kind: Kind
  /// SubjectPublicKeyInfo in DER (RFC 5280, 4.1), from which fingerprints and hints are computed.
  public let der: [UInt8]
  private let key: CryptoKey

  /// Compares the DER encodings: equal keys verify the same signatures.
  public static func == (one: PublicKey, other: PublicKey) -> Bool { one.der == other.der }
  /// Hashes the DER encoding, consistent with `==`.
  public func hash(into hasher: inout Hasher) { hasher.combine(der) }

  /// Reads a PEM file with one public key (`-----BEGIN PUBLIC KEY-----`).
  /// - Parameters:
  ///   - name: names the key in errors.
  ///   - use: what the key is for; a kind of key that does not suit it is refused.
  /// - Throws: `TrustError.badKey`.
  public init(pem: [UInt8], name: String, for use: Use = .images) throws {
    try PEM.requireSingleKey("PUBLIC KEY", in: pem, name)
    guard let key = CryptoKey(publicPEM: pem) else {
      throw TrustError(.badKey, name, reason: "the public key in it is damaged", hint: PEM.publicKeyHint)
    }
    try self.init(key, name, use: use)
  }

  init(_ key: CryptoKey, _ name: String, use: Use) throws {
    guard let kind = key.kind, use.kinds.contains(kind) else {
      throw TrustError(.badKey, name, reason: use.refusal, hint: "opz sign --generate-key NAME makes a suitable key")
    }
    guard let der = key.publicDER else { throw TrustError(.badKey, name, reason: "the key cannot be written as DER") }
    self.kind = kind
    self.der = der
    self.key = key
  }

  /// The SHA-256 of the DER form: the same whichever file the key came from.
  public var fingerprint: Digest { Digest.of(der) }

  /// How sigstore bundles name a key: the fingerprint in base64. A hint proves nothing.
  var hint: String { Base64.encode(fingerprint.bytes) }

  /// The key in PEM, as `openssl pkey -pubout` writes it (RFC 7468, 13).
  public var pem: String { PEM.encode(der, "PUBLIC KEY") }

  /// Whether this key made `signature` over `message`. ECDSA signatures are in DER.
  public func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
    !signature.isEmpty && key.verify(signature, message)
  }
}
