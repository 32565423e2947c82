internal import CCrypto

/// A SHA-384 hash, which pip's `--hash` accepts; OCI digests do not use it.
public struct SHA384 {
  private var context = SHA512_CTX()

  /// Starts a hash of no bytes.
  public init() { SHA384_Init(&context) }

  /// Adds bytes to what is hashed.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    if let base = bytes.baseAddress { SHA384_Update(&context, base, bytes.count) }
  }

  /// Ends the hash; use it once.
  /// - Returns: 96 lower-case hex digits.
  public mutating func finish() -> String {
    var raw = [UInt8](repeating: 0, count: 48)
    SHA384_Final(&raw, &context)
    return Hex.encode(raw)
  }
}
