import OpzIO

/// Forwards bytes to another sink, hashing and counting them.
struct HashingSink<Sink: ByteSink>: ByteSink {
  private(set) var sink: Sink
  private(set) var size: UInt64 = 0
  private var hasher = DigestHasher(.sha256)

  init(_ sink: Sink) { self.sink = sink }

  mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
    hasher.update(bytes)
    size += UInt64(bytes.count)
    try sink.write(bytes)
  }

  /// The digest of everything written so far.
  var digest: Digest { hasher.finish() }
}
