import OpzIO

/// A fixed number of blocks passed from one thread that fills them to several readers that each read all of them, in
/// order. Memory is bounded: the filling thread waits for the slowest reader.
final class BlockRing: @unchecked Sendable {
  static let blockSize = 1 << 20

  private let blocks: [UnsafeMutableRawBufferPointer]
  private let state: Monitor<State>

  private struct State {
    /// The number of bytes used in each block.
    var counts: [Int]
    /// How many blocks were filled so far.
    var filled = 0
    /// How many blocks each reader has finished.
    var done: [Int]
    var isFinished = false
    var isCancelled = false
    var failure: (any Error)?
  }

  /// Thrown to the other threads after one failed; that one reports the real error.
  struct Cancelled: Error {}

  init(blocks count: Int, readers: Int) {
    blocks = (0..<count).map { _ in .allocate(byteCount: BlockRing.blockSize, alignment: 4096) }
    state = Monitor(State(counts: [Int](repeating: 0, count: count), done: [Int](repeating: 0, count: readers)))
  }

  deinit { for block in blocks { block.deallocate() } }

  /// Waits for a free block and returns it.
  func next() throws -> UnsafeMutableRawBufferPointer {
    let index: Int? = state.wait { state -> Int?? in
      if state.isCancelled { return .some(nil) }
      let slowest = state.done.min() ?? state.filled
      return state.filled - slowest < blocks.count ? .some(state.filled % blocks.count) : nil
    }
    guard let index else { throw Cancelled() }
    return blocks[index]
  }

  /// Passes the block of the last `next()` to the readers; `count` is how many of its bytes are used.
  func publish(_ count: Int) {
    state.change { state in
      state.counts[state.filled % blocks.count] = count
      state.filled += 1
    }
  }

  /// Marks the published blocks as the last; `failure` is the reason when this is not the regular end.
  func finish(_ failure: (any Error)? = nil) {
    state.change { state in
      state.isFinished = true
      state.failure = failure
    }
  }

  /// Stops all threads: their next call throws `Cancelled`.
  func cancel() { state.change { $0.isCancelled = true } }

  /// Passes each block in turn to `body`, until the end.
  /// - Throws: what `body` throws, what `finish` was given, or `Cancelled`.
  func read(as reader: Int, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    while let block = try take(reader) {
      try body(block)
      state.change { $0.done[reader] += 1 }
    }
  }

  private func take(_ reader: Int) throws -> UnsafeRawBufferPointer? {
    let next: Result<UnsafeRawBufferPointer?, any Error> = state.wait { state in
      if state.isCancelled { return .failure(Cancelled()) }
      let position = state.done[reader]
      if position < state.filled {
        let index = position % blocks.count
        return .success(UnsafeRawBufferPointer(rebasing: blocks[index][..<state.counts[index]]))
      }
      guard state.isFinished else { return nil }
      if let failure = state.failure { return .failure(failure) }
      return .success(nil)
    }
    return try next.get()
  }
}

/// The writing end of a ring.
final class RingSink: ByteSink, FillingSink {
  private let ring: BlockRing
  private var block: UnsafeMutableRawBufferPointer?
  private var used = 0

  init(_ ring: BlockRing) { self.ring = ring }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes
    while !rest.isEmpty {
      let space = try free()
      let count = min(space.count, rest.count)
      space.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
      advance(count)
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  func fill(_ count: UInt64, from source: any ByteSource) throws -> UInt64 {
    var copied: UInt64 = 0
    while copied < count {
      let space = try free()
      let wanted = Int(min(UInt64(space.count), count - copied))
      let got = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: space[..<wanted]))
      if got == 0 { break }
      advance(got)
      copied += UInt64(got)
    }
    return copied
  }

  /// Publishes the last block, which may be partly filled.
  func flush() {
    if block != nil { ring.publish(used) }
    block = nil
  }

  private func free() throws -> UnsafeMutableRawBufferPointer {
    if let block { return UnsafeMutableRawBufferPointer(rebasing: block[used...]) }
    let next = try ring.next()
    block = next
    used = 0
    return next
  }

  private func advance(_ count: Int) {
    used += count
    if used == BlockRing.blockSize { flush() }
  }
}
