import OpzIO

/// A fixed number of blocks that go from one thread that fills them to several that each read all of them, in order.
/// The memory is bounded: who fills waits for the slowest reader.
final class BlockRing: @unchecked Sendable {
  static let blockSize = 1 << 20

  private let blocks: [UnsafeMutableRawBufferPointer]
  private let state: Monitor<State>

  private struct State {
    /// Bytes in each block.
    var counts: [Int]
    /// How many blocks were filled so far.
    var filled = 0
    /// How many each reader is through with.
    var done: [Int]
    var isFinished = false
    var isCancelled = false
    var failure: (any Error)?
  }

  /// Somebody else failed, and has the real error.
  struct Cancelled: Error {}

  init(blocks count: Int, readers: Int) {
    blocks = (0..<count).map { _ in .allocate(byteCount: BlockRing.blockSize, alignment: 4096) }
    state = Monitor(State(counts: [Int](repeating: 0, count: count), done: [Int](repeating: 0, count: readers)))
  }

  deinit { for block in blocks { block.deallocate() } }

  /// Waits for a free block.
  func next() throws -> UnsafeMutableRawBufferPointer {
    let index: Int? = state.wait { state -> Int?? in
      if state.isCancelled { return .some(nil) }
      let slowest = state.done.min() ?? state.filled
      return state.filled - slowest < blocks.count ? .some(state.filled % blocks.count) : nil
    }
    guard let index else { throw Cancelled() }
    return blocks[index]
  }

  /// Hands the block of the last `next()` to the readers.
  func publish(_ count: Int) {
    state.change { state in
      state.counts[state.filled % blocks.count] = count
      state.filled += 1
    }
  }

  /// No block comes after the published ones; `failure` says why if it is not the regular end.
  func finish(_ failure: (any Error)? = nil) {
    state.change { state in
      state.isFinished = true
      state.failure = failure
    }
  }

  /// Makes everybody stop.
  func cancel() { state.change { $0.isCancelled = true } }

  /// Hands each block in turn to `body`, until the end.
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

/// The filling end of a ring.
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

  /// Hands over the last block, which may be partly filled.
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
