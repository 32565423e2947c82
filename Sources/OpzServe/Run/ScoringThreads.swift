import OpzIO
import Synchronization

/// Runs long scoring work on threads of its own, at most one a core, the rest waiting in order.
///
/// Swift's cooperative pool has one thread a core, and health probes are answered on it: a request of many rows would
/// keep a probe waiting. Short requests do not come here; starting a thread would cost more than they do.
final class ScoringThreads: Sendable {
  private struct State {
    var free: Int
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state: Mutex<State>

  init(count: Int) { state = Mutex(State(free: max(1, count))) }

  /// Runs `work` on a thread when one is free. The number that may wait is bounded by `Admission`.
  func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    await take()
    defer { give() }
    return try await blocking { try work() }
  }

  private func take() async {
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        guard state.free > 0 else {
          state.waiting.append(continuation)
          return false
        }
        state.free -= 1
        return true
      }
      if isFree { continuation.resume() }
    }
  }

  private func give() {
    let next: CheckedContinuation<Void, Never>? = state.withLock { state in
      guard !state.waiting.isEmpty else {
        state.free += 1
        return nil
      }
      return state.waiting.removeFirst()
    }
    next?.resume()
  }
}
