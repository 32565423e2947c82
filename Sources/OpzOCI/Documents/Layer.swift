public import OpzIO

/// A stored layer: its descriptor and the digest of its uncompressed tar.
public struct Layer: Hashable, Sendable {
  public var descriptor: Descriptor
  public var diffID: Digest

  /// Makes a layer; the digests are not verified.
  public init(descriptor: Descriptor, diffID: Digest) {
    self.descriptor = descriptor
    self.diffID = diffID
  }
}
