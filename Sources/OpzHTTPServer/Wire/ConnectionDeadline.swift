import NIOCore
import Synchronization

/// The deadline of one connection. The connection's task updates it at each step, at the cost of an atomic store;
/// `Connections` checks it periodically and closes late connections ("slowloris").
final class ConnectionDeadline: Sendable {
  let channel: any Channel
  private let connections: Connections
  private let limits: HTTPServerLimits
  /// Nanoseconds of the monotonic clock.
  private let deadline: Atomic<UInt64>
  /// The connection waits for a request.
  private let isIdle = Atomic(false)

  init(_ channel: any Channel, _ connections: Connections, limits: HTTPServerLimits) {
    self.channel = channel
    self.connections = connections
    self.limits = limits
    deadline = Atomic(ConnectionDeadline.now() &+ UInt64(max(0, limits.headSeconds)) &* 1_000_000_000)
  }

  static func now() -> UInt64 { NIODeadline.now().uptimeNanoseconds }

  /// Extends the deadline by this many seconds, but not beyond `end`.
  func allow(_ seconds: Int, until end: ContinuousClock.Instant? = nil) {
    isIdle.store(false, ordering: .relaxed)
    var nanoseconds = UInt64(max(0, seconds)) &* 1_000_000_000
    if let end {
      let left = (end - .now) / .nanoseconds(1)
      nanoseconds = min(nanoseconds, left > 0 ? UInt64(left) : 0)
    }
    deadline.store(ConnectionDeadline.now() &+ nanoseconds, ordering: .relaxed)
  }

  /// Marks the connection as idle; for its first request it has the time of a head.
  /// - Returns: false if the server is stopping and no request will be read.
  func idle() -> Bool {
    if isFirst.exchange(false, ordering: .relaxed) == false { allow(limits.idleSeconds) }
    isIdle.store(true, ordering: .sequentiallyConsistent)
    return !connections.isStopping
  }

  private let isFirst = Atomic(true)

  /// Closes the connection if its deadline has passed.
  func check(_ now: UInt64) { if deadline.load(ordering: .relaxed) < now { channel.close(promise: nil) } }

  /// Told when the server stops, in place of closing the connection if it is idle: HTTP/2 says goodbye first.
  var onStop: (@Sendable () -> Void)? {
    get { stop.withLock { $0 } }
    set { stop.withLock { $0 = newValue } }
  }

  private let stop = Mutex<(@Sendable () -> Void)?>(nil)

  /// Closes the connection if it is idle.
  func endIdle() {
    if let onStop { return onStop() }
    if isIdle.load(ordering: .sequentiallyConsistent) { channel.close(promise: nil) }
  }
}
