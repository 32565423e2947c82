import Synchronization

/// The place of one worker in the pool: one thread, and one process after the other.
final class WorkerSlot: Sendable {
  /// What the pool wants of a worker; a higher one is never taken back.
  enum Order: Int {
    case serve
    /// End after the answer, and start anew.
    case renew
    /// End after the answer, for good.
    case retire
  }

  private struct State {
    /// The worker that this one takes over from, once it has loaded.
    var replaces: WorkerSlot?
    /// Starts that failed, and workers that ended without having been asked anything, one after the other.
    var failures = 0
    /// The next start.
    var notBefore: ContinuousClock.Instant?
    var memory = WorkerMemory()
  }

  let number: Int
  let wake: WakeUp
  private let current = Atomic(Order.serve.rawValue)
  private let process = Atomic<Int32>(0)
  private let answered = Atomic(0)
  private let isTooLarge = Atomic(false)
  private let state: Mutex<State>

  /// - Throws: `WorkerFailure` when the process has no descriptor left.
  init(_ number: Int, replaces: WorkerSlot? = nil) throws {
    self.number = number
    wake = try WakeUp()
    var memory = WorkerMemory()
    if let replaces { memory.pause = replaces.memory.pause }
    state = Mutex(State(replaces: replaces, memory: memory))
  }

  var order: Order { Order(rawValue: current.load(ordering: .acquiring)) ?? .retire }

  func give(_ order: Order) {
    var known = current.load(ordering: .acquiring)
    while known < order.rawValue {
      let (exchanged, original) = current.compareExchange(
        expected: known, desired: order.rawValue, ordering: .acquiringAndReleasing)
      if exchanged { break }
      known = original
    }
    wake.wake()
  }

  /// Whether it loads to take over from another one.
  var isReplacement: Bool { state.withLock { $0.replaces != nil } }

  /// The worker that it takes over from, once: from now on it is like any other, and the one before can go.
  func takeOver() -> WorkerSlot? {
    state.withLock { state in
      defer { state.replaces = nil }
      return state.replaces
    }
  }

  // MARK: Failures

  var failures: Int { state.withLock { $0.failures } }

  /// Counts a failure, after which the next start has to wait: not at all after the first, since a worker that served
  /// before will most likely serve again, then 0.2 s, 0.4 s and so on up to 30 s.
  /// - Returns: how many there were in a row.
  func countFailure() -> Int {
    state.withLock { state in
      state.failures += 1
      let delay = state.failures < 2 ? 0 : min(30, 0.1 * Double(1 << min(state.failures - 1, 9)))
      state.notBefore = .now + .seconds(delay)
      return state.failures
    }
  }

  func forgetFailures() { state.withLock { $0.failures = 0 } }

  /// Whether a start has to wait no longer.
  var mayStart: Bool { state.withLock { $0.notBefore.map { $0 <= .now } ?? true } }

  // MARK: The process

  /// Whether the pool ended its process for the memory that it took.
  var isOutOfMemory: Bool { isTooLarge.load(ordering: .acquiring) }
  func markOutOfMemory() { isTooLarge.store(true, ordering: .releasing) }

  /// A new process takes the place of one that was to be renewed.
  func renewed() {
    isTooLarge.store(false, ordering: .releasing)
    _ = current.compareExchange(
      expected: Order.renew.rawValue, desired: Order.serve.rawValue, ordering: .acquiringAndReleasing)
  }

  /// The process that serves; 0 for none.
  var pid: Int32 { process.load(ordering: .acquiring) }
  func runs(pid: Int32) { process.store(pid, ordering: .releasing) }

  /// Calls that its process has answered.
  var calls: Int { answered.load(ordering: .relaxed) }

  func countCall() {
    if answered.wrappingAdd(1, ordering: .relaxed).oldValue == 0 { forgetFailures() }
  }

  func resetCalls() { answered.store(0, ordering: .relaxed) }

  // MARK: Memory

  var memory: WorkerMemory { state.withLock { $0.memory } }
  func changeMemory(_ change: (inout WorkerMemory) -> Void) { state.withLock { change(&$0.memory) } }
}
