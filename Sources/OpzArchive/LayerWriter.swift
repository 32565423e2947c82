public import OpzIO

/// Writes a layer in one pass over its files: tar, both digests, compression and the sink at the same time.
///
/// One thread reads files into a ring of 1 MiB blocks, one hashes them, and the caller's thread compresses (with the help of
/// `GzipWriter`'s threads) and writes to the sink. Memory is bounded, whatever the size: 8 MiB of ring, and for gzip
/// 2 MiB a block that is on its way.
public enum LayerWriter {
  private static let ringBlocks = 8

  /// Writes `content` to `sink`. It blocks: call it on a thread of our own.
  /// - Parameter advanced: told how many bytes of the uncompressed tar, of `content.tarSize`, went through, piece by piece.
  /// - Throws: `ArchiveError`, or what a blob or the sink throws. The sink then has a part of the layer.
  public static func write<Sink: ByteSink>(
    _ content: LayerContent, _ compression: Compression, to sink: inout Sink,
    advanced: (UInt64) -> Void = { _ in }
  ) throws -> WrittenLayer {
    switch compression {
    case .none:
      var counter = HashingSink(sink, hashing: false)
      defer { sink = counter.sink }
      let diffID = try run(content) { block in
        try counter.write(block)
        advanced(UInt64(block.count))
      }
      return WrittenLayer(
        diffID: diffID, digest: diffID, size: counter.size, tarSize: content.tarSize, compression: .none)
    case .gzip:
      let gzip = GzipWriter(HashingSink(sink, hashing: true))
      defer { sink = gzip.sink.sink }
      let diffID = try run(content) { block in
        try gzip.write(block)
        advanced(UInt64(block.count))
      }
      try gzip.finish()
      let digest = gzip.sink.digest ?? diffID
      return WrittenLayer(
        diffID: diffID, digest: digest, size: gzip.sink.size, tarSize: content.tarSize, compression: .gzip)
    case .zstd:
      throw ArchiveError(.unsupported, "layer", "opz does not write zstd layers", hint: "use gzip or none")
    }
  }

  /// Makes the tar, hands its blocks to `take` on this thread, and returns its digest.
  private static func run(
    _ content: LayerContent, _ take: (UnsafeRawBufferPointer) throws -> Void
  ) throws -> Digest {
    let ring = BlockRing(blocks: ringBlocks, readers: 2)
    let reader = try OwnThread<Void> { fill(ring, content) }
    let hasher: OwnThread<Digest>
    do {
      hasher = try OwnThread { try hash(ring) }
    } catch {
      ring.cancel()
      try? reader.join()
      throw error
    }
    do {
      try ring.read(as: 1, take)
    } catch {
      ring.cancel()
      _ = try? hasher.join()
      try? reader.join()
      throw error
    }
    try reader.join()
    return try hasher.join()
  }

  private static func fill(_ ring: BlockRing, _ content: LayerContent) {
    let sink = RingSink(ring)
    var writer = TarWriter(sink)
    do {
      try content.write(to: &writer)
      sink.flush()
      ring.finish()
    } catch {
      ring.finish(error)
    }
  }

  private static func hash(_ ring: BlockRing) throws -> Digest {
    var hasher = DigestHasher(.sha256)
    try ring.read(as: 0) { hasher.update($0) }
    return hasher.finish()
  }
}
