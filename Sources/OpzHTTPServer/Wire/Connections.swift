import Synchronization

/// The open connections of a server.
final class Connections: Sendable {
  private struct State {
    var active: [ObjectIdentifier: Patience] = [:]
    var waiting: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())
  private let limit: Int
  private let stopping = Atomic(false)

  init(limit: Int) { self.limit = limit }

  /// No further requests are accepted.
  var isStopping: Bool { stopping.load(ordering: .sequentiallyConsistent) }

  /// Adds a connection. False if the limit is reached; the caller has to remove it nevertheless.
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

  /// Closes connections that are past their deadline.
  func sweep() {
    let now = Patience.now()
    for patience in all { patience.check(now) }
  }

  /// Closes idle connections, now and from now on.
  func stop() {
    stopping.store(true, ordering: .sequentiallyConsistent)
    for patience in all { patience.endIdle() }
  }

  /// Closes all connections.
  func abort() {
    for patience in all { patience.channel.close(promise: nil) }
  }

  /// Waits until no connection is left; call it once.
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
