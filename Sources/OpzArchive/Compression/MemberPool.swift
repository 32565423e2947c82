import OpzIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The blocks of a `MemberWriter` and the threads that compress them.
///
/// Blocks are numbered consecutively and stored in slots (the number modulo the number of slots). A block is filled,
/// queued, claimed by a thread, compressed, and passed on, in this order; so four counters describe all blocks.
final class MemberPool {
  /// At most 6: each costs 3 MiB, and six together are about as fast as the one thread that hashes their input.
  static let defaultThreads = min(6, max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))

  private let shared: MemberSlots
  private let threads: Int
  private var startedThreads = 0
  private var used = 0
  private var queued = 0
  private var passed = 0
  private var own: (any MemberCompressor)?

  init(_ format: MemberFormat, threads: Int) {
    self.threads = max(0, threads)
    shared = MemberSlots(format, count: self.threads + 2)
  }

  deinit { shared.stop() }

  /// Copies bytes into the current block and returns how many fit.
  func add(_ bytes: UnsafeRawBufferPointer, _ pass: (UnsafeRawBufferPointer) throws -> Void) throws -> Int {
    if used == 0 { try makeRoom(pass) }
    let block = shared.input(queued)
    let count = min(bytes.count, block.count - used)
    UnsafeMutableRawBufferPointer(rebasing: block[used...]).copyMemory(
      from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
    used += count
    if used == block.count { try queue() }
    return count
  }

  func finish(_ pass: (UnsafeRawBufferPointer) throws -> Void) throws {
    if used > 0 || queued == 0 {
      if used == 0 { try makeRoom(pass) }
      // A single block is not worth starting a thread.
      if queued == 0 { try compressHere() } else { try queue() }
    }
    while passed < queued { try passOldest(pass) }
    shared.stop()
  }

  private func makeRoom(_ pass: (UnsafeRawBufferPointer) throws -> Void) throws {
    while passed < queued, shared.isDone(passed) || queued - passed == shared.count { try passOldest(pass) }
  }

  private func queue() throws {
    if startedThreads == 0 { startThreads() }
    if startedThreads == 0 { return try compressHere() }
    shared.queue(queued, used)
    queued += 1
    used = 0
  }

  private func compressHere() throws {
    let compressor = try own ?? shared.format.compressor()
    own = compressor
    shared.complete(queued, try compressor.compress(shared.input(queued), used, output: shared.output(queued)))
    queued += 1
    used = 0
  }

  private func startThreads() {
    for _ in 0..<threads {
      let shared = shared
      shared.threadBegins()
      if startThread({ shared.work() }) { startedThreads += 1 } else { shared.threadEnds() }
    }
  }

  private func passOldest(_ pass: (UnsafeRawBufferPointer) throws -> Void) throws {
    let count = try shared.waitForResult(passed)
    try pass(UnsafeRawBufferPointer(rebasing: shared.output(passed)[..<count]))
    passed += 1
  }
}

/// The slots, shared by the writer and the threads.
final class MemberSlots: @unchecked Sendable {
  let format: MemberFormat
  let count: Int
  private let inputs: [UnsafeMutableRawBufferPointer]
  private let outputs: [UnsafeMutableRawBufferPointer]
  private let state: Monitor<State>

  private struct State {
    var inputCounts: [Int]
    /// The compressed size in each slot; nil while it is pending.
    var results: [Result<Int, any Error>?]
    var queued = 0
    var claimed = 0
    var threads = 0
    var isStopped = false
  }

  init(_ format: MemberFormat, count: Int) {
    self.format = format
    self.count = count
    let bound = format.bound
    inputs = (0..<count).map { _ in .allocate(byteCount: MemberFormat.input, alignment: 4096) }
    outputs = (0..<count).map { _ in .allocate(byteCount: bound, alignment: 4096) }
    let none = [Result<Int, any Error>?](repeating: nil, count: count)
    state = Monitor(State(inputCounts: [Int](repeating: 0, count: count), results: none))
  }

  deinit { for buffer in inputs + outputs { buffer.deallocate() } }

  func input(_ number: Int) -> UnsafeMutableRawBufferPointer { inputs[number % count] }
  func output(_ number: Int) -> UnsafeMutableRawBufferPointer { outputs[number % count] }

  func queue(_ number: Int, _ bytes: Int) {
    state.change { state in
      state.inputCounts[number % count] = bytes
      state.results[number % count] = nil
      state.queued = number + 1
    }
  }

  /// Records a result that was computed without the threads.
  func complete(_ number: Int, _ bytes: Int) {
    state.change { state in
      state.results[number % count] = .success(bytes)
      state.queued = number + 1
      state.claimed = number + 1
    }
  }

  func isDone(_ number: Int) -> Bool { state.change { $0.results[number % count] != nil } }

  func waitForResult(_ number: Int) throws -> Int {
    try state.wait { $0.results[number % count] }.get()
  }

  func threadBegins() { state.change { $0.threads += 1 } }
  func threadEnds() { state.change { $0.threads -= 1 } }

  /// Stops the threads and waits for them to end, which takes at most one block.
  func stop() {
    state.change { $0.isStopped = true }
    state.wait { $0.threads == 0 ? () : nil }
  }

  /// The body of each thread: compresses queued blocks until stopped.
  func work() {
    defer { threadEnds() }
    let compressor = Result { try format.compressor() }
    while let (number, bytes) = claim() {
      let result = Result { try compressor.get().compress(input(number), bytes, output: output(number)) }
      state.change { $0.results[number % count] = result }
    }
  }

  private func claim() -> (number: Int, bytes: Int)? {
    state.wait { state -> (number: Int, bytes: Int)?? in
      if state.isStopped { return .some(nil) }
      guard state.claimed < state.queued else { return nil }
      let number = state.claimed
      state.claimed += 1
      return (number, state.inputCounts[number % count])
    }
  }
}
