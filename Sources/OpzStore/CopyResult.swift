public import OpzOCI

/// What a copy moved.
public struct CopyResult: Sendable, Hashable {
  public var root: Descriptor
  /// Blobs and documents that the destination got.
  public var copied = 0
  /// Those that it had.
  public var existed = 0
  /// Bytes that it got.
  public var bytes: UInt64 = 0
}
