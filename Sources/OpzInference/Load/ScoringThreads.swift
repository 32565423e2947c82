import OpzIO
import Synchronization

/// Runs long scoring work on dedicated threads, at most one per core; further work waits in order.
///
/// Swift's cooperative pool has one thread per core, and health probes are handled on it: a large request would delay
/// a probe. Short requests do not come here, because starting a thread would cost more than scoring them.
///
/// The memory of all work together is bounded too: a request whose memory does not fit waits until it does, or until
/// it runs alone.
package final class ScoringThreads: Sendable {
  private struct Waiting {
    let number: Int
    let memory: Int
    let continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var free: Int
    var running = 0
    var memory = 0
    var waiting: [Waiting] = []
    /// The number of the last that waited.
    var last = 0

    /// Takes a thread and this much memory, if both are available.
    mutating func take(_ bytes: Int, of budget: Int) -> Bool {
      guard free > 0, running == 0 || bytes <= budget - memory else { return false }
      free -= 1
      running += 1
      memory += bytes
      return true
    }

    /// Takes out those whose turn it is, in order: otherwise a large request might never run.
    mutating func next(_ budget: Int) -> [Waiting] {
      var next: [Waiting] = []
      while let first = waiting.first, take(first.memory, of: budget) {
        next.append(first)
        waiting.removeFirst()
      }
      return next
    }
  }

  private let state: Mutex<State>
  private let budget: Int

  /// - Parameter memory: the memory budget of all work together, in bytes.
  package init(count: Int, memory: Int) {
    state = Mutex(State(free: max(1, count)))
    budget = memory
  }

  /// Runs `work` on a thread when there is room. The number of waiting requests is bounded by `Admission`.
  /// - Parameter memory: the most bytes that `work` allocates.
  /// - Throws: what `work` throws, and `CancellationError` where nobody waits for it any more before it begins.
  package func run<Value: Sendable>(memory: Int, _ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await take(memory)
    defer { give(memory) }
    try Task.checkCancellation()
    return try await blocking { try work() }
  }

  /// Requests that wait.
  package var waiting: Int { state.withLock { $0.waiting.count } }

  private func take(_ memory: Int) async throws {
    let number = state.withLock { state in
      state.last &+= 1
      return state.last
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let turn: Result<Void, any Error>? = state.withLock { state in
          // The handler has found nothing to take out.
          if Task.isCancelled { return .failure(CancellationError()) }
          if state.waiting.isEmpty, state.take(memory, of: budget) { return .success(()) }
          state.waiting.append(Waiting(number: number, memory: memory, continuation: continuation))
          return nil
        }
        if let turn { continuation.resume(with: turn) }
      }
    } onCancel: {
      leave(number)
    }
  }

  /// A caller that left: its place is free, and what waits behind it may have its turn.
  private func leave(_ number: Int) {
    let (left, next) = state.withLock { state in
      let left = state.waiting.filter { $0.number == number }
      state.waiting.removeAll { $0.number == number }
      return (left, state.next(budget))
    }
    for waiting in left { waiting.continuation.resume(throwing: CancellationError()) }
    for waiting in next { waiting.continuation.resume() }
  }

  private func give(_ memory: Int) {
    let next = state.withLock { state in
      state.free += 1
      state.running -= 1
      state.memory -= memory
      return state.next(budget)
    }
    for waiting in next { waiting.continuation.resume() }
  }
}
