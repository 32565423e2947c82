/// How large the next chunk of an upload is: what goes out in some seconds, so that a cut costs seconds, and no more than the
/// registry takes.
struct ChunkPacer: Sendable {
  /// Bytes that go out in the time that a cut may cost.
  private var paced = ChunkPacer.first
  /// Lowered by each cut, doubled by each chunk that went through.
  private var ceiling = ChunkPacer.largest

  static let first: UInt64 = 16 << 20
  static let smallest: UInt64 = 8 << 20
  static let largest: UInt64 = 64 << 20
  /// The smallest chunk that every registry known takes (ECR).
  static let floorAfterCuts: UInt64 = 5 << 20
  /// Seconds that a chunk should take.
  static let seconds = 8.0

  /// Bytes of the next chunk, before the end of the blob is looked at.
  /// - Parameters:
  ///   - minimum: what the registry asks for.
  ///   - maximum: what it, or a proxy, takes. It wins.
  func next(minimum: UInt64, maximum: UInt64?) -> UInt64 {
    let wanted = max(min(paced, ceiling), min(minimum, RegistryTraits.largestMinimum))
    return max(1, min(wanted, maximum ?? wanted))
  }

  mutating func sent(_ bytes: UInt64, in seconds: Double) {
    let rate = Double(bytes) / max(seconds, 0.001)
    let wanted = min(rate * ChunkPacer.seconds, Double(ChunkPacer.largest))
    // One chunk that was lucky does not make the next a hundred times as large.
    let step = min(max(bytes, 1), ChunkPacer.largest) * 4
    paced = max(ChunkPacer.smallest, min(UInt64(wanted), step))
    ceiling = min(ceiling * 2, ChunkPacer.largest)
  }

  mutating func cut(_ bytes: UInt64) {
    ceiling = max(ChunkPacer.floorAfterCuts, min(bytes, ceiling) / 2)
  }
}
