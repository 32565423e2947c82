public import OpzIO
public import OpzOCI

/// What a layer turned out to be once it was written.
public struct WrittenLayer: Sendable, Hashable {
  /// The digest of the uncompressed tar, which the image config lists.
  public let diffID: Digest
  /// The digest of the stored bytes.
  public let digest: Digest
  /// Stored bytes.
  public let size: UInt64
  /// Bytes of the uncompressed tar.
  public let tarSize: UInt64
  public let compression: Compression

  /// For the manifest.
  public var descriptor: Descriptor {
    Descriptor(mediaType: compression.layerMediaType, digest: digest, size: size)
  }
}
