/// What happened to the bytes of a transfer.
public struct TransferTotals: Sendable, Hashable, Codable {
  /// Bytes that were sent and accepted.
  public var sent: UInt64 = 0
  /// Bytes that had to be sent again.
  public var resent: UInt64 = 0
  /// Bytes that an earlier, interrupted push had already uploaded.
  public var kept: UInt64 = 0
  /// Bytes that the registry mounted from another of its repositories.
  public var mounted: UInt64 = 0
  /// Bytes that the destination already had.
  public var skipped: UInt64 = 0
  /// The number of blobs and documents that were sent.
  public var sentItems = 0
  /// The number of blobs that were mounted.
  public var mountedItems = 0
  /// The number of blobs and documents that the destination already had.
  public var skippedItems = 0

  /// Creates totals of zero.
  public init() {}
}
