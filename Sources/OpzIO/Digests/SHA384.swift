internal import CCrypto

/// SHA-384, which no digest of OCI is and pip's `--hash` may be.
public struct SHA384 {
  private var context = SHA512_CTX()

  public init() { SHA384_Init(&context) }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    if let base = bytes.baseAddress { SHA384_Update(&context, base, bytes.count) }
  }

  /// 96 hex digits, lower case.
  public mutating func finish() -> String {
    var raw = [UInt8](repeating: 0, count: 48)
    SHA384_Final(&raw, &context)
    return Hex.encode(raw)
  }
}
