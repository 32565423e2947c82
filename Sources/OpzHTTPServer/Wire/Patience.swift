import NIOCore
import Synchronization

/// How long one connection may go on as it is. Its task says so at each step, which costs no more than a store; `Connections` looks every now
/// and then and ends those that are late ("slowloris").
final class Patience: Sendable {
  let channel: any Channel
  private let connections: Connections
  private let limits: HTTPServerLimits
  /// Nanoseconds of the monotonic clock.
  private let deadline: Atomic<UInt64>
  /// It waits for a request.
  private let isIdle = Atomic(false)

  init(_ channel: any Channel, _ connections: Connections, _ limits: HTTPServerLimits) {
    self.channel = channel
    self.connections = connections
    self.limits = limits
    deadline = Atomic(Patience.now() &+ UInt64(max(0, limits.headSeconds)) &* 1_000_000_000)
  }

  static func now() -> UInt64 { NIODeadline.now().uptimeNanoseconds }

  /// The connection may go on for so many seconds, and not beyond `end`.
  func allow(_ seconds: Int, until end: ContinuousClock.Instant? = nil) {
    isIdle.store(false, ordering: .relaxed)
    var nanoseconds = UInt64(max(0, seconds)) &* 1_000_000_000
    if let end {
      let left = (end - .now) / .nanoseconds(1)
      nanoseconds = min(nanoseconds, left > 0 ? UInt64(left) : 0)
    }
    deadline.store(Patience.now() &+ nanoseconds, ordering: .relaxed)
  }

  /// The connection waits for the next request; for its first it has the time of a head.
  /// - Returns: false where there will be none, because the server stops.
  func idle() -> Bool {
    if isFirst.exchange(false, ordering: .relaxed) == false { allow(limits.idleSeconds) }
    isIdle.store(true, ordering: .sequentiallyConsistent)
    return !connections.isStopping
  }

  private let isFirst = Atomic(true)

  /// Ends the connection where its time is over.
  func check(_ now: UInt64) { if deadline.load(ordering: .relaxed) < now { channel.close(promise: nil) } }

  /// Ends the connection where it waits for a request.
  func endIdle() { if isIdle.load(ordering: .sequentiallyConsistent) { channel.close(promise: nil) } }
}
