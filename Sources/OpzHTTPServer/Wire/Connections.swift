import Synchronization

/// The connections of a server.
final class Connections: Sendable {
  private struct State {
    var active: [ObjectIdentifier: Patience] = [:]
    var waiting: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())
  private let limit: Int
  private let stopping = Atomic(false)

  init(limit: Int) { self.limit = limit }

  /// No further request is answered.
  var isStopping: Bool { stopping.load(ordering: .sequentiallyConsistent) }

  /// False where there is no room for one more; it has to leave nevertheless.
  func enter(_ patience: Patience) -> Bool {
    state.withLock { state in
      state.active[ObjectIdentifier(patience)] = patience
      return state.active.count <= limit
    }
  }

  func leave(_ patience: Patience) {
    let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
      state.active[ObjectIdentifier(patience)] = nil
      guard state.active.isEmpty else { return nil }
      defer { state.waiting = nil }
      return state.waiting
    }
    waiting?.resume()
  }

  /// Ends those that are late.
  func sweep() {
    let now = Patience.now()
    for patience in all { patience.check(now) }
  }

  /// Ends those that wait for a request, now and from now on.
  func stop() {
    stopping.store(true, ordering: .sequentiallyConsistent)
    for patience in all { patience.endIdle() }
  }

  /// Ends all.
  func abort() {
    for patience in all { patience.channel.close(promise: nil) }
  }

  /// Waits until there is none; called once.
  func ended() async {
    await withCheckedContinuation { continuation in
      let isEmpty = state.withLock { state in
        if !state.active.isEmpty { state.waiting = continuation }
        return state.active.isEmpty
      }
      if isEmpty { continuation.resume() }
    }
  }

  private var all: [Patience] { state.withLock { Array($0.active.values) } }
}
