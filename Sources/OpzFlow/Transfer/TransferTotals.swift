/// What became of the bytes of a transfer.
public struct TransferTotals: Sendable, Hashable, Codable {
  /// Bytes that arrived and count.
  public var sent: UInt64 = 0
  /// Bytes that were sent and had to be sent once more.
  public var resent: UInt64 = 0
  /// Bytes that an earlier push had brought.
  public var kept: UInt64 = 0
  /// Bytes that the registry took from another of its repositories.
  public var mounted: UInt64 = 0
  /// Bytes that were there.
  public var skipped: UInt64 = 0
  /// Blobs and documents of each kind.
  public var sentItems = 0
  public var mountedItems = 0
  public var skippedItems = 0

  /// Creates totals of zero.
  public init() {}
}
