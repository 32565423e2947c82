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
  private struct State {
    var free: Int
    var running = 0
    var memory = 0
    var waiting: [(memory: Int, continuation: CheckedContinuation<Void, Never>)] = []

    /// Takes a thread and this much memory, if both are available.
    mutating func take(_ bytes: Int, of budget: Int) -> Bool {
      guard free > 0, running == 0 || bytes <= budget - memory else { return false }
      free -= 1
      running += 1
      memory += bytes
      return true
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
  package func run<Value: Sendable>(memory: Int, _ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    await take(memory)
    defer { give(memory) }
    return try await blocking { try work() }
  }

  private func take(_ memory: Int) async {
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        // In order: otherwise a large request might never run.
        if state.waiting.isEmpty, state.take(memory, of: budget) { return true }
        state.waiting.append((memory, continuation))
        return false
      }
      if isFree { continuation.resume() }
    }
  }

  private func give(_ memory: Int) {
    let next = state.withLock { state in
      state.free += 1
      state.running -= 1
      state.memory -= memory
      var next: [CheckedContinuation<Void, Never>] = []
      while let first = state.waiting.first, state.take(first.memory, of: budget) {
        next.append(first.continuation)
        state.waiting.removeFirst()
      }
      return next
    }
    for continuation in next { continuation.resume() }
  }
}
