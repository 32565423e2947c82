/// Limits on the resources that reading an archive may take. Each is enforced while the bytes stream in, before they
/// are used.
public struct ArchiveLimits: Sendable {
  /// Content of all entries over all layers, in bytes.
  public var totalBytes: UInt64 = 1 << 42
  /// The number of entries over all layers.
  public var entries = 1_000_000
  /// Uncompressed bytes per compressed byte, checked once 64 MiB were produced. Real layers stay below 100.
  public var ratio: UInt64 = 200
  /// The length of a path or of a link's target, in bytes.
  public var pathLength = 4095

  /// The length of all paths over all layers, in bytes: they are held in memory.
  public var nameBytes = 128 << 20
  /// The number of components of a path.
  public var depth = 255

  /// The default limits.
  public init() {}

  /// How many bytes may be produced before the ratio applies: small layers of zeros are harmless.
  static let ratioFloor: UInt64 = 64 << 20
  /// The largest pax header, in bytes.
  static let paxBytes: UInt64 = 1 << 20
}
