import OpzIO

/// Passes bytes on, counts them and, if asked, hashes them.
struct HashingSink<Sink: ByteSink>: ByteSink {
  private(set) var sink: Sink
  private(set) var size: UInt64 = 0
  private var hasher: DigestHasher?

  init(_ sink: Sink, hashing: Bool) {
    self.sink = sink
    hasher = hashing ? DigestHasher(.sha256) : nil
  }

  mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
    hasher?.update(bytes)
    size += UInt64(bytes.count)
    try sink.write(bytes)
  }

  /// The digest of everything so far, if it was asked for.
  var digest: Digest? { hasher?.finish() }
}
