public import OpzIO

/// Compresses what is written to it and passes it on: gzip members (RFC 1952, 2.2) or zstd frames (RFC 8878, 3.1) of exactly 1 MiB
/// of input each, concatenated, made on several threads.
///
/// The output depends on the input alone, not on how it is cut into writes, nor on the number of threads. Memory is bounded:
/// `write` waits when too many blocks are on their way. The sink below is only called on the thread that calls `write`
/// and `finish`, in order. The threads end with `finish()`, or when the writer goes away.
public final class MemberWriter<Sink: ByteSink>: ByteSink {
  /// Where the compressed bytes go.
  public private(set) var sink: Sink
  private let pool: MemberPool
  private var hasWritten = false
  private var isFinished = false

  public convenience init(_ sink: Sink, _ format: MemberFormat = .gzip) {
    self.init(sink, format, threads: MemberPool.defaultThreads)
  }

  /// - Parameter threads: how many compress; 0 for the caller's own thread only.
  public init(_ sink: Sink, _ format: MemberFormat = .gzip, threads: Int) {
    self.sink = sink
    pool = MemberPool(format, threads: threads)
  }

  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    guard !isFinished else { throw ArchiveError(.badEntry, "compressed stream", "a write came after its end") }
    var rest = bytes
    while !rest.isEmpty {
      let taken = try pool.add(rest, passing)
      rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
    }
  }

  /// Compresses what is left and ends the threads. An empty input makes one empty member.
  public func finish() throws {
    guard !isFinished else { return }
    isFinished = true
    try pool.finish(passing)
  }

  private func passing(_ member: UnsafeRawBufferPointer) throws { try sink.write(member) }
}
