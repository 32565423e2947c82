public import OpzOCI

/// The outcome of a copy.
public struct CopyResult: Sendable, Hashable {
  public var root: Descriptor
  /// Blobs and documents that were transferred.
  public var copied = 0
  /// Blobs and documents that the destination already had.
  public var existed = 0
  /// Bytes that were transferred.
  public var bytes: UInt64 = 0
}
