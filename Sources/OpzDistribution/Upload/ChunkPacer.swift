import OpzHTTP

/// Chooses the size of an upload's next chunk: what takes about eight seconds to send, so that a broken connection
/// costs only seconds, within the limits of the remote registry.
struct ChunkPacer: Sendable {
  /// Bytes that are sent in `seconds` at the last measured rate.
  private var paced = ChunkPacer.first
  /// Lowered by each broken chunk, doubled by each chunk that succeeds.
  private var ceiling = ChunkPacer.largest

  /// Bytes per second of the last chunk.
  private var rate: Double?

  private let quirks: RemoteQuirks

  static let first: UInt64 = 16 << 20
  static let smallest: UInt64 = 8 << 20
  static let largest: UInt64 = 64 << 20
  /// The number of seconds that a chunk should take.
  static let seconds = 8.0

  init(_ quirks: RemoteQuirks) { self.quirks = quirks }

  /// Returns the size of the next chunk in bytes, regardless of how much of the blob is left.
  /// - Parameters:
  ///   - minimum: the smallest chunk that the remote registry accepts.
  ///   - maximum: the largest request that it or a proxy accepts. It wins over `minimum`.
  ///   - limit: where connections broke; each chunk then has its own.
  func next(minimum: UInt64, maximum: UInt64?, limit: ConnectionLimit? = nil) -> UInt64 {
    let most = min(paced, ceiling, limit?.share(at: rate) ?? .max)
    let wanted = max(most, min(minimum, RemoteRegistryProfile.largestMinimum))
    return max(1, min(wanted, maximum ?? wanted))
  }

  /// Adjusts the size to a chunk of `bytes` that took `seconds` to send.
  mutating func sent(_ bytes: UInt64, in seconds: Double) {
    let rate = Double(bytes) / max(seconds, 0.001)
    self.rate = rate
    let wanted = min(rate * ChunkPacer.seconds, Double(ChunkPacer.largest))
    // A single fast chunk must not make the next one a hundred times as large.
    let step = min(max(bytes, 1), ChunkPacer.largest) * 4
    paced = max(ChunkPacer.smallest, min(UInt64(wanted), step))
    ceiling = min(ceiling * 2, ChunkPacer.largest)
  }

  /// Halves the ceiling after the connection broke during a chunk of `bytes`.
  /// - Parameter use: what the connection had carried.
  mutating func cut(_ bytes: UInt64, _ use: ConnectionUse? = nil) {
    ceiling = quirks.chunkAfterCut(min(bytes, ceiling) / 2)
    if let use, use.sent > 0 { rate = Double(use.sent) / max(Double(use.milliseconds) / 1000, 0.001) }
  }
}
