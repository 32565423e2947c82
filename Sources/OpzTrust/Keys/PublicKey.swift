internal import CCrypto
public import OpzIO

/// A key that signatures are verified with: ECDSA on P-256 with SHA-256, or Ed25519.
public struct PublicKey: Sendable, Hashable {
  public enum Kind: String, Sendable {
    case ecdsaP256 = "ecdsa-p256"
    case ed25519
  }

  public let kind: Kind
  /// SubjectPublicKeyInfo in DER (RFC 5280, 4.1): what fingerprints and hints are made of.
  public let der: [UInt8]
  private let key: CryptoKey

  public static func == (one: PublicKey, other: PublicKey) -> Bool { one.der == other.der }
  public func hash(into hasher: inout Hasher) { hasher.combine(der) }

  /// Reads PEM with one public key (`-----BEGIN PUBLIC KEY-----`).
  /// - Parameter name: what errors name.
  /// - Throws: `TrustError.badKey`.
  public init(pem: [UInt8], name: String) throws {
    try PEM.requireOne("PUBLIC KEY", in: pem, name)
    guard let key = CryptoKey(publicPEM: pem) else {
      throw TrustError(.badKey, name, "the public key in it is damaged", hint: PEM.publicHint)
    }
    try self.init(key, name)
  }

  init(_ key: CryptoKey, _ name: String) throws {
    guard let kind = key.kind else {
      throw TrustError(
        .badKey, name, "it is neither an ECDSA key on P-256 nor an Ed25519 key",
        hint: "opz sign --generate-key NAME makes one that is")
    }
    guard let der = key.publicDER else { throw TrustError(.badKey, name, "the key cannot be written as DER") }
    self.kind = kind
    self.der = der
    self.key = key
  }

  /// The sha256 of the DER form: the same for all who have the key.
  public var fingerprint: Digest { Digest.of(der) }

  /// How sigstore's bundles name a key: the fingerprint in base64. Nobody has to believe it.
  var hint: String { Base64.encode(fingerprint.bytes) }

  public var pem: String { PEM.encode(der, "PUBLIC KEY") }

  /// Whether `signature` is one of this key over `message`. ECDSA signatures are in DER.
  public func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
    !signature.isEmpty && key.verify(signature, message)
  }
}
