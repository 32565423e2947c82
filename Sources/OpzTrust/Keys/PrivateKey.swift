internal import CCrypto
import OpzIO

/// A key that signs, ECDSA or Ed25519; see `PublicKey.Kind`.
///
/// Ed25519 signatures depend on the key and the message alone (RFC 8032); each ECDSA signature uses a fresh random
/// number.
public struct PrivateKey: Sendable {
  /// The public half.
  public let publicKey: PublicKey
  private let key: CryptoKey

  /// Reads a PEM file with one private key: PKCS#8, encrypted or not, or the older EC form (SEC 1).
  /// - Parameters:
  ///   - password: returns the password of an encrypted key, nil for none. Called at most once.
  ///   - name: names the key in errors.
  ///   - use: what the key is for; a kind of key that does not suit it is refused.
  /// - Throws: `TrustError.badKey`.
  public init(pem: [UInt8], name: String, for use: PublicKey.Use = .images, password: () throws -> [UInt8]?) throws {
    if pem.contains(text: "ENCRYPTED SIGSTORE PRIVATE KEY") || pem.contains(text: "ENCRYPTED COSIGN PRIVATE KEY") {
      throw TrustError(
        .badKey, name, reason: "it is in cosign's own encrypted form",
        hint: "opz sign --generate-key NAME makes a key that cosign can import: cosign import-key-pair --key NAME.key")
    }
    try PEM.requireSingleKey("PRIVATE KEY", in: pem, name)
    let isEncrypted = pem.contains(text: "BEGIN ENCRYPTED PRIVATE KEY") || pem.contains(text: "Proc-Type: 4,ENCRYPTED")
    let secret = isEncrypted ? try password() : nil
    if isEncrypted, secret == nil {
      throw TrustError(
        .badKey, name, reason: "the key is encrypted and there is no password",
        hint: "set OPZ_KEY_PASSWORD, or pass --password-stdin")
    }
    guard let key = CryptoKey(privatePEM: pem, password: secret) else {
      throw TrustError(
        .badKey, name,
        reason: isEncrypted ? "the password is wrong, or the key is damaged" : "the private key in it is damaged",
        hint: "opz sign --generate-key NAME makes a new pair")
    }
    publicKey = try PublicKey(key, name, use: use)
    self.key = key
  }

  /// Generates a key from the system's random numbers.
  /// - Throws: `TrustError.badKey` if libcrypto fails.
  public static func generate(_ kind: PublicKey.Kind) throws -> PrivateKey {
    guard let key = CryptoKey(generating: kind) else {
      throw TrustError(.badKey, kind.rawValue, reason: "libcrypto cannot generate such a key")
    }
    return PrivateKey(key, try PublicKey(key, kind.rawValue, use: kind == .ed25519 ? .images : .files))
  }

  private init(_ key: CryptoKey, _ publicKey: PublicKey) {
    self.key = key
    self.publicKey = publicKey
  }

  /// The key as PKCS#8 in PEM; with a password, encrypted with AES-256-CBC and PBKDF2.
  /// - Throws: `TrustError.badKey` if libcrypto fails.
  public func pem(password: [UInt8]?) throws -> [UInt8] {
    guard let text = key.privatePEM(password) else {
      throw TrustError(.badKey, publicKey.kind.rawValue, reason: "libcrypto cannot write the key")
    }
    return text
  }

  /// Hashes and signs a message.
  /// - Returns: for ECDSA an `ECDSA-Sig-Value` in DER (RFC 3279, 2.2.3), for Ed25519 the 64 bytes of RFC 8032.
  /// - Throws: `TrustError.badKey` if libcrypto fails.
  public func sign(_ message: [UInt8]) throws -> [UInt8] {
    guard let signature = key.sign(message) else {
      throw TrustError(.badKey, publicKey.kind.rawValue, reason: "libcrypto cannot sign with the key")
    }
    return signature
  }
}
