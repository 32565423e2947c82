internal import CCrypto
import OpzIO

/// A key that signs: ECDSA or Ed25519; see `PublicKey.Kind`.
///
/// Ed25519 signatures are a function of key and message (RFC 8032); ECDSA takes a random number for each.
public struct PrivateKey: Sendable {
  /// The half that may be given away.
  public let publicKey: PublicKey
  private let key: CryptoKey

  /// Reads PEM with one private key: PKCS#8, encrypted or not, or the older form of EC keys.
  /// - Parameters:
  ///   - password: of an encrypted key. Called at most once.
  ///   - name: what errors name.
  ///   - use: other keys than its readers take are refused.
  /// - Throws: `TrustError.badKey`.
  public init(pem: [UInt8], name: String, for use: PublicKey.Use = .images, password: () throws -> [UInt8]?) throws {
    if pem.contains(text: "ENCRYPTED SIGSTORE PRIVATE KEY") || pem.contains(text: "ENCRYPTED COSIGN PRIVATE KEY") {
      throw TrustError(
        .badKey, name, "it is in cosign's own encrypted form",
        hint: "opz sign --generate-key NAME makes a key that cosign takes too: cosign import-key-pair --key NAME.key")
    }
    try PEM.requireOne("PRIVATE KEY", in: pem, name)
    let isEncrypted = pem.contains(text: "BEGIN ENCRYPTED PRIVATE KEY") || pem.contains(text: "Proc-Type: 4,ENCRYPTED")
    let secret = isEncrypted ? try password() : nil
    if isEncrypted, secret == nil {
      throw TrustError(
        .badKey, name, "the key is encrypted and there is no password",
        hint: "set OPZ_KEY_PASSWORD, or pass --password-stdin")
    }
    guard let key = CryptoKey(privatePEM: pem, password: secret) else {
      throw TrustError(
        .badKey, name,
        isEncrypted ? "the password is wrong, or the key is damaged" : "the private key in it is damaged",
        hint: "opz sign --generate-key NAME makes a new pair")
    }
    publicKey = try PublicKey(key, name, use)
    self.key = key
  }

  /// A new key from the system's random numbers.
  public static func generate(_ kind: PublicKey.Kind) throws -> PrivateKey {
    guard let key = CryptoKey(generating: kind) else {
      throw TrustError(.badKey, kind.rawValue, "libcrypto makes no such key")
    }
    return PrivateKey(key, try PublicKey(key, kind.rawValue, kind == .ed25519 ? .images : .files))
  }

  private init(_ key: CryptoKey, _ publicKey: PublicKey) {
    self.key = key
    self.publicKey = publicKey
  }

  /// PKCS#8 in PEM; with a password encrypted by AES-256-CBC under PBKDF2.
  public func pem(password: [UInt8]?) throws -> [UInt8] {
    guard let text = key.privatePEM(password) else {
      throw TrustError(.badKey, publicKey.kind.rawValue, "libcrypto cannot write the key")
    }
    return text
  }

  /// Signs a message, which is hashed here.
  /// - Returns: for ECDSA `ECDSA-Sig-Value` in DER (RFC 3279, 2.2.3), for Ed25519 the 64 bytes of RFC 8032.
  /// - Throws: `TrustError.badKey` where libcrypto cannot.
  public func sign(_ message: [UInt8]) throws -> [UInt8] {
    guard let signature = key.sign(message) else {
      throw TrustError(.badKey, publicKey.kind.rawValue, "libcrypto cannot sign with the key")
    }
    return signature
  }
}
