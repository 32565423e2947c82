import Synchronization

/// The open connections of a server.
final class Connections: Sendable {
  private struct State {
    var active: [ObjectIdentifier: ConnectionDeadline] = [:]
    var waiting: CheckedContinuation<Void, Never>?
    var streams = 0
    var windows = 0
  }

  private let state = Mutex(State())
  private let limit: Int
  private let streamLimit: Int
  private let windowLimit: Int
  private let stopping = Atomic(false)

  init(_ limits: HTTPServerLimits) {
    limit = limits.connections
    streamLimit = limits.streams
    windowLimit = limits.wideWindowsBytes
  }

  /// No further requests are accepted.
  var isStopping: Bool { stopping.load(ordering: .sequentiallyConsistent) }

  /// Adds a connection. False if the limit is reached; the caller has to remove it nevertheless.
  func enter(_ deadline: ConnectionDeadline) -> Bool {
    state.withLock { state in
      state.active[ObjectIdentifier(deadline)] = deadline
      return state.active.count <= limit
    }
  }

  func leave(_ deadline: ConnectionDeadline) {
    let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
      state.active[ObjectIdentifier(deadline)] = nil
      guard state.active.isEmpty else { return nil }
      defer { state.waiting = nil }
      return state.waiting
    }
    waiting?.resume()
  }

  /// Adds a request of an HTTP/2 connection; false if the limit is reached, and then it is not added.
  func enterStream() -> Bool {
    state.withLock { state in
      guard state.streams < streamLimit else { return false }
      state.streams += 1
      return true
    }
  }

  func leaveStream() { state.withLock { $0.streams -= 1 } }

  /// Counts bytes of a wide window; false if the limit is reached, and then they are not counted.
  func enterWindow(_ bytes: Int) -> Bool {
    state.withLock { state in
      guard bytes <= windowLimit - state.windows else { return false }
      state.windows += bytes
      return true
    }
  }

  func leaveWindow(_ bytes: Int) { state.withLock { $0.windows -= bytes } }

  /// Closes connections that are past their deadline.
  func sweep() {
    let now = ConnectionDeadline.now()
    for deadline in all { deadline.check(now) }
  }

  /// Closes idle connections, now and from now on.
  func stop() {
    stopping.store(true, ordering: .sequentiallyConsistent)
    for deadline in all { deadline.endIdle() }
  }

  /// Closes all connections.
  func abort() {
    for deadline in all { deadline.channel.close(promise: nil) }
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

  private var all: [ConnectionDeadline] { state.withLock { Array($0.active.values) } }
}
