public import OpzIO

/// A parallel stream compressor: gzip members (RFC 1952, 2.2) or zstd frames (RFC 8878, 3.1) of exactly 1 MiB of
/// input each, concatenated.
///
/// The output depends on the input alone, neither on how it is split into writes nor on the number of threads. Memory
/// is bounded: `write` waits when too many blocks are pending. The underlying sink is called in order, and only on
/// the thread that calls `write` and `finish`. The threads end with `finish()`, or with the writer.
public final class MemberWriter<Sink: ByteSink>: ByteSink {
  /// The sink of the compressed bytes.
  public private(set) var sink: Sink
  private let pool: MemberPool
  private var hasWritten = false
  private var isFinished = false

  /// Compresses on up to 6 threads, depending on the number of processors.
  public convenience init(_ sink: Sink, _ format: MemberFormat = .gzip) {
    self.init(sink, format, threads: MemberPool.defaultThreads)
  }

  /// Compresses on a given number of threads.
  /// - Parameter threads: how many threads compress; 0 for the caller's own only.
  public init(_ sink: Sink, _ format: MemberFormat = .gzip, threads: Int) {
    self.sink = sink
    pool = MemberPool(format, threads: threads)
  }

  /// Adds uncompressed bytes. May block until a block is compressed.
  /// - Throws: `ArchiveError` after `finish()`, or what the sink throws.
  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    guard !isFinished else { throw ArchiveError(.badEntry, "compressed stream", reason: "a write after its end") }
    var rest = bytes
    while !rest.isEmpty {
      let taken = try pool.add(rest, passing)
      rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
    }
  }

  /// Compresses the remaining bytes and ends the threads. An empty input produces one empty member.
  /// - Throws: what the sink throws.
  public func finish() throws {
    guard !isFinished else { return }
    isFinished = true
    try pool.finish(passing)
  }

  private func passing(_ member: UnsafeRawBufferPointer) throws { try sink.write(member) }
}
