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

  let number: Int
  /// The worker that this one takes over from, once it has loaded.
  let replaces: WorkerSlot?
  let wake = WakeUp()
  private let current = Atomic(Order.serve.rawValue)
  private let process = Atomic<Int32>(0)
  private let answered = Atomic(0)
  private let isTooLarge = Atomic(false)

  init(_ number: Int, replaces: WorkerSlot? = nil) {
    self.number = number
    self.replaces = replaces
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

  /// Whether the pool ended its process for the memory that it took.
  var isOutOfMemory: Bool { isTooLarge.load(ordering: .acquiring) }
  func markOutOfMemory() { isTooLarge.store(true, ordering: .releasing) }

  /// A new process takes the place of one that was to be renewed.
  func renewed() {
    isTooLarge.store(false, ordering: .releasing)
    _ = current.compareExchange(
      expected: Order.renew.rawValue, desired: Order.serve.rawValue, ordering: .acquiringAndReleasing)
  }

  /// The process that runs; 0 for none.
  var pid: Int32 { process.load(ordering: .acquiring) }
  func runs(pid: Int32) { process.store(pid, ordering: .releasing) }

  /// Calls that its process has answered.
  var calls: Int { answered.load(ordering: .relaxed) }
  func countCall() { _ = answered.wrappingAdd(1, ordering: .relaxed) }
  func resetCalls() { answered.store(0, ordering: .relaxed) }
}
