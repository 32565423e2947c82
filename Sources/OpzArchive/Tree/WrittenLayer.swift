public import OpzIO
public import OpzOCI

/// The digests and sizes of a layer that was written.
public struct WrittenLayer: Sendable, Hashable {
  /// The digest of the uncompressed tar, which the image config lists.
  public let diffID: Digest
  /// The digest of the stored bytes, which the manifest lists.
  public let digest: Digest
  /// The size of the stored bytes.
  public let size: UInt64
  /// The size of the uncompressed tar in bytes.
  public let tarSize: UInt64
  public let compression: Compression

  /// The layer's descriptor for the manifest.
  public var descriptor: Descriptor {
    Descriptor(mediaType: compression.layerMediaType, digest: digest, size: size)
  }
}
