public import OpzIO

/// Writes a layer in one pass over its files: tar, both digests, compression and output run at the same time.
///
/// One thread reads files into a ring of 1 MiB blocks, one hashes them, and the caller's thread compresses (helped by
/// `MemberWriter`'s threads) and writes to the sink. Memory is bounded whatever the size: a ring of 8 MiB
/// uncompressed, or a ring of 4 MiB and 2 MiB for each block being compressed, at most eight.
public enum LayerWriter {
  /// Writes `content` to `sink`. It blocks: call it on a dedicated thread.
  /// - Parameter advanced: called after each piece with its size in uncompressed bytes; they add up to
  ///   `content.tarSize`.
  /// - Returns: the digests and sizes of what was written.
  /// - Throws: `ArchiveError`, or what a blob or the sink throws. The sink then has a part of the layer.
  public static func write<Sink: ByteSink>(
    _ content: LayerContent, _ compression: Compression, to sink: inout Sink,
    advanced: (UInt64) -> Void = { _ in }
  ) throws -> WrittenLayer {
    switch compression {
    case .none: return try store(content, &sink, advanced: advanced)
    case .gzip: return try compress(content, .gzip, sink: &sink, advanced: advanced)
    case .zstd: return try compress(content, .zstd, sink: &sink, advanced: advanced)
    }
  }

  /// The stored bytes are the tar itself, so one digest is enough.
  private static func store(
    _ content: LayerContent, _ sink: inout some ByteSink, advanced: (UInt64) -> Void
  ) throws -> WrittenLayer {
    var size: UInt64 = 0
    let diffID = try run(content, ringBlocks: 8) { block in
      try sink.write(block)
      size += UInt64(block.count)
      advanced(UInt64(block.count))
    }
    return WrittenLayer(diffID: diffID, digest: diffID, size: size, tarSize: size, compression: .none)
  }

  private static func compress<Sink: ByteSink>(
    _ content: LayerContent, _ format: MemberFormat, sink: inout Sink, advanced: (UInt64) -> Void
  ) throws -> WrittenLayer {
    let members = MemberWriter(HashingSink(sink), format)
    defer { sink = members.sink.sink }
    var tarSize: UInt64 = 0
    let diffID = try run(content, ringBlocks: 4) { block in
      try members.write(block)
      tarSize += UInt64(block.count)
      advanced(UInt64(block.count))
    }
    try members.finish()
    return WrittenLayer(
      diffID: diffID, digest: members.sink.digest, size: members.sink.size, tarSize: tarSize,
      compression: format == .gzip ? .gzip : .zstd)
  }

  /// Produces the tar, passes its blocks to `take` on this thread, and returns its digest.
  private static func run(
    _ content: LayerContent, ringBlocks: Int, _ take: (UnsafeRawBufferPointer) throws -> Void
  ) throws -> Digest {
    let ring = BlockRing(blocks: ringBlocks, readers: 2)
    let reader = try DedicatedThread<Void> { fill(ring, content) }
    let hasher: DedicatedThread<Digest>
    do {
      hasher = try DedicatedThread { try hash(ring) }
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
