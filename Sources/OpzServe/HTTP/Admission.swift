import Synchronization

/// Bounds how much work the server takes on: requests at once, and the bytes of their bodies.
final class Admission: Sendable {
  private struct State {
    var requests = 0
    var bytes = 0
  }

  private let state = Mutex(State())
  private let limits: ServerLimits

  init(_ limits: ServerLimits) { self.limits = limits }

  /// Requests that are read, waiting or scored now.
  var requests: Int { state.withLock { $0.requests } }

  /// Takes a request on; false when there are as many as the limit.
  func enter() -> Bool {
    state.withLock { state in
      guard state.requests < limits.requestsInFlight else { return false }
      state.requests += 1
      return true
    }
  }

  /// Takes on more bytes of a body; false when all bodies together would be too large.
  func add(bytes: Int) -> Bool {
    state.withLock { state in
      guard bytes <= limits.bodyBudget - state.bytes else { return false }
      state.bytes += bytes
      return true
    }
  }

  /// A request that was taken on has its answer.
  func leave(bytes: Int) {
    state.withLock { state in
      state.requests -= 1
      state.bytes -= bytes
    }
  }
}
