public import OpzIO

/// A layer at rest: its descriptor and the digest of its uncompressed tar.
public struct Layer: Hashable, Sendable {
  public var descriptor: Descriptor
  public var diffID: Digest

  public init(descriptor: Descriptor, diffID: Digest) {
    self.descriptor = descriptor
    self.diffID = diffID
  }
}
