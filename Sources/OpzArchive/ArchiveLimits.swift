/// What an archive may cost its reader. Each is checked while the bytes stream in, before they are used.
public struct ArchiveLimits: Sendable {
  /// Content of all entries together, over all layers, in bytes.
  public var totalBytes: UInt64 = 1 << 42
  /// Entries, over all layers.
  public var entries = 1_000_000
  /// Uncompressed bytes for each compressed one, counted once 64 MiB came out. Real layers stay below 100.
  public var ratio: UInt64 = 200
  /// Bytes of a path or of a link's target.
  public var pathLength = 4095

  /// Bytes of all paths together, over all layers: they are held in memory.
  public var nameBytes = 128 << 20
  /// Components of a path.
  public var depth = 255

  public init() {}

  /// How much may come out before the ratio counts: small layers of zeros are harmless.
  static let ratioFloor: UInt64 = 64 << 20
  /// The largest pax header, in bytes.
  static let paxBytes: UInt64 = 1 << 20
}
