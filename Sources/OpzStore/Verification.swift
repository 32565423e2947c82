public import OpzIO
public import OpzOCI

/// Verification of content against its descriptor.
public enum Verification {
  /// Hashes `bytes` and compares them with a descriptor.
  /// - Throws: `StoreError` with code `wrongSize` or `wrongDigest`.
  public static func check(_ bytes: [UInt8], against descriptor: Descriptor) throws {
    var hasher = DigestHasher(descriptor.digest.algorithm)
    hasher.update(bytes)
    try check(hasher.finish(), UInt64(bytes.count), against: descriptor)
  }

  /// Compares a computed digest and size in bytes with a descriptor.
  /// - Throws: `StoreError` with code `wrongSize` or `wrongDigest`.
  public static func check(_ digest: Digest, _ size: UInt64, against descriptor: Descriptor) throws {
    guard size == descriptor.size else {
      guard digest != descriptor.digest else {
        throw StoreError(size: size, of: descriptor, at: descriptor.digest.description)
      }
      throw StoreError(
        .wrongSize, descriptor.digest.description,
        reason: "expected \(descriptor.size) bytes (\(descriptor.mediaType)), but got \(size)")
    }
    guard digest == descriptor.digest else {
      throw StoreError(.wrongDigest, descriptor.digest.description, reason: "the content has the digest \(digest)")
    }
  }
}
