internal import CCrypto

/// Computes a `Digest` of bytes that arrive in pieces (FIPS 180-4, by libcrypto).
public struct DigestHasher: Sendable {
  private var state: State

  private enum State: Sendable {
    case sha256(SHA256_CTX)
    case sha512(SHA512_CTX)
  }

  /// Starts a hash of no bytes.
  public init(_ algorithm: Digest.Algorithm = .sha256) {
    switch algorithm {
    case .sha256:
      var context = SHA256_CTX()
      SHA256_Init(&context)
      state = .sha256(context)
    case .sha512:
      var context = SHA512_CTX()
      SHA512_Init(&context)
      state = .sha512(context)
    }
  }

  /// Adds bytes to what is hashed.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
    switch state {
    case .sha256(var context):
      SHA256_Update(&context, base, bytes.count)
      state = .sha256(context)
    case .sha512(var context):
      SHA512_Update(&context, base, bytes.count)
      state = .sha512(context)
    }
  }

  /// Adds bytes to what is hashed.
  public mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { update($0) }
  }

  /// Returns the digest of everything added so far; more can be added afterwards.
  public func finish() -> Digest {
    switch state {
    case .sha256(var context):
      var raw = [UInt8](repeating: 0, count: 32)
      SHA256_Final(&raw, &context)
      return Digest(algorithm: .sha256, raw: raw)
    case .sha512(var context):
      var raw = [UInt8](repeating: 0, count: 64)
      SHA512_Final(&raw, &context)
      return Digest(algorithm: .sha512, raw: raw)
    }
  }
}

extension Digest {
  /// Returns the sha256 digest of `bytes`.
  public static func of(_ bytes: [UInt8]) -> Digest {
    var hasher = DigestHasher(.sha256)
    hasher.update(bytes)
    return hasher.finish()
  }
}
