internal import CCrypto

/// A libcrypto key. Immutable once created, so threads may share it.
final class CryptoKey: @unchecked Sendable {
  private let key: OpaquePointer

  private init?(_ key: OpaquePointer?) {
    guard let key else {
      ERR_clear_error()
      return nil
    }
    // Sets how the key is encoded. This changes the key, so it has to happen before the key is shared.
    if EVP_PKEY_get_base_id(key) == EVP_PKEY_EC {
      EVP_PKEY_set_utf8_string_param(key, "point-format", "uncompressed")
      EVP_PKEY_set_utf8_string_param(key, "encoding", "named_curve")
    }
    // A stale error in the queue would be reported by the next failing call.
    ERR_clear_error()
    self.key = key
  }

  deinit { EVP_PKEY_free(key) }

  convenience init?(publicPEM pem: [UInt8]) {
    self.init(CryptoKey.reading(pem) { PEM_read_bio_PUBKEY($0, nil, refusePassword, nil) })
  }

  convenience init?(privatePEM pem: [UInt8], password: [UInt8]?) {
    var secret = password ?? []
    let key = secret.withUnsafeMutableBytes { bytes -> OpaquePointer? in
      var buffer = UnsafeMutableRawBufferPointer(bytes)
      return withUnsafeMutablePointer(to: &buffer) { pointer in
        CryptoKey.reading(pem) { PEM_read_bio_PrivateKey($0, nil, providePassword, pointer) }
      }
    }
    self.init(key)
  }

  convenience init?(generating kind: PublicKey.Kind) {
    let context = EVP_PKEY_CTX_new_from_name(nil, kind == .ed25519 ? "ED25519" : "EC", nil)
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    guard EVP_PKEY_keygen_init(context) == 1,
      CryptoKey.group(of: kind).map({ EVP_PKEY_CTX_set_group_name(context, $0) == 1 }) ?? true,
      EVP_PKEY_generate(context, &key) == 1
    else {
      ERR_clear_error()
      return nil
    }
    self.init(key)
  }

  private static func group(of kind: PublicKey.Kind) -> String? {
    switch kind {
    case .ecdsaP256: "P-256"
    case .ecdsaP384: "P-384"
    case .ecdsaP521: "P-521"
    case .ed25519: nil
    }
  }

  /// Nil for keys that opz neither signs nor verifies with.
  var kind: PublicKey.Kind? {
    switch EVP_PKEY_get_base_id(key) {
    case EVP_PKEY_ED25519: return .ed25519
    case EVP_PKEY_EC:
      var name = [CChar](repeating: 0, count: 64)
      var count = 0
      guard EVP_PKEY_get_group_name(key, &name, name.count, &count) == 1 else { return nil }
      let group = String(decoding: name.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
      switch group {
      case "prime256v1", "P-256": return .ecdsaP256
      case "secp384r1", "P-384": return .ecdsaP384
      case "secp521r1", "P-521": return .ecdsaP521
      default: return nil
      }
    default: return nil
    }
  }

  /// SubjectPublicKeyInfo in DER. The curve is named and its point uncompressed, whatever the file has, so that equal
  /// keys have equal bytes.
  var publicDER: [UInt8]? {
    var bytes: UnsafeMutablePointer<UInt8>?
    let count = i2d_PUBKEY(key, &bytes)
    guard count > 0, let bytes else { return nil }
    defer { CRYPTO_free(bytes, "", 0) }
    return Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
  }

  func privatePEM(_ password: [UInt8]?) -> [UInt8]? {
    guard let output = BIO_new(BIO_s_mem()) else { return nil }
    defer { BIO_free(output) }
    let written =
      password.map { password in
        password.withUnsafeBytes {
          PEM_write_bio_PKCS8PrivateKey(
            output, key, EVP_aes_256_cbc(), $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32($0.count), nil,
            nil)
        }
      } ?? PEM_write_bio_PKCS8PrivateKey(output, key, nil, nil, 0, nil, nil)
    ERR_clear_error()
    guard written == 1 else { return nil }
    var bytes = [UInt8](repeating: 0, count: 1 << 14)
    let count = BIO_read(output, &bytes, Int32(bytes.count))
    return count > 0 ? Array(bytes.prefix(Int(count))) : nil
  }

  func sign(_ message: [UInt8]) -> [UInt8]? {
    let context = EVP_MD_CTX_new()
    defer {
      EVP_MD_CTX_free(context)
      ERR_clear_error()
    }
    guard EVP_DigestSignInit(context, nil, hash, nil, key) == 1 else { return nil }
    var count = 0
    guard EVP_DigestSign(context, nil, &count, message, message.count) == 1, count > 0, count <= 4096 else {
      return nil
    }
    var signature = [UInt8](repeating: 0, count: count)
    guard EVP_DigestSign(context, &signature, &count, message, message.count) == 1 else { return nil }
    return Array(signature.prefix(count))
  }

  func verify(_ signature: [UInt8], _ message: [UInt8]) -> Bool {
    let context = EVP_MD_CTX_new()
    defer {
      EVP_MD_CTX_free(context)
      ERR_clear_error()
    }
    guard EVP_DigestVerifyInit(context, nil, hash, nil, key) == 1 else { return false }
    return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
  }

  /// Nil for Ed25519, which hashes the message itself.
  private var hash: OpaquePointer? {
    switch kind {
    case .ecdsaP384: EVP_sha384()
    case .ecdsaP521: EVP_sha512()
    case .ecdsaP256, nil: EVP_sha256()
    case .ed25519: nil
    }
  }

  private static func reading(_ pem: [UInt8], _ body: (OpaquePointer) -> OpaquePointer?) -> OpaquePointer? {
    pem.withUnsafeBytes { bytes in
      guard let input = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return nil }
      defer { BIO_free(input) }
      return body(input)
    }
  }
}

/// Without this callback libcrypto would prompt on the terminal.
// check-labels: C
private func refusePassword(
  _: UnsafeMutablePointer<CChar>?, _: Int32, _: Int32, _: UnsafeMutableRawPointer?
) -> Int32 { -1 }

// check-labels: C
private func providePassword(
  _ target: UnsafeMutablePointer<CChar>?, _ capacity: Int32, _: Int32, _ context: UnsafeMutableRawPointer?
) -> Int32 {
  guard let secret = context?.assumingMemoryBound(to: UnsafeMutableRawBufferPointer.self).pointee, let target,
    !secret.isEmpty, secret.count <= Int(capacity), let source = secret.baseAddress
  else { return -1 }
  UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: secret.count)
  return Int32(secret.count)
}
