import Synchronization

/// Counts what a transfer did and forwards its events to another sink. Safe to use from several threads.
public final class ProgressTally: ProgressSink {
  /// What was transferred, in bytes.
  public struct Totals: Sendable, Hashable {
    /// Sent over the network, including what was sent twice.
    public var sent: UInt64 = 0
    /// The part of `sent` that was sent again.
    public var resent: UInt64 = 0
    /// Transferred by an earlier attempt or process.
    public var kept: UInt64 = 0
    /// Already at the destination.
    public var skipped: UInt64 = 0
    /// Mounted by the remote registry from another repository.
    public var mounted: UInt64 = 0

    /// All zero.
    public init() {}
  }

  fileprivate struct State {
    var totals = Totals()
    var sizes: [String: UInt64] = [:]
    var done: [String: UInt64] = [:]
  }

  private let sink: any ProgressSink
  private let state = Mutex(State())

  /// Forwards events to `sink`.
  public init(_ sink: any ProgressSink) { self.sink = sink }

  public var totals: Totals { state.withLock { $0.totals } }

  /// Counts an event and forwards it.
  public func report(_ event: ProgressEvent) {
    state.withLock { $0.count(event) }
    sink.report(event)
  }
}

extension ProgressTally.State {
  fileprivate mutating func count(_ event: ProgressEvent) {
    switch event {
    case .started(let item, let total):
      sizes[item] = total
      done[item] = 0
    case .advanced(let item, let bytes):
      totals.sent &+= bytes
      done[item, default: 0] &+= bytes
    case .restarted(let item):
      totals.resent &+= done[item] ?? 0
      done[item] = 0
    case .repeated(let item, let bytes):
      totals.resent &+= bytes
      done[item] = (done[item] ?? 0) &- min(done[item] ?? 0, bytes)
    case .kept(let item, let bytes):
      totals.kept &+= bytes
      done[item, default: 0] &+= bytes
    case .finished(let item, let outcome):
      if outcome == .existed { totals.skipped &+= sizes[item] ?? 0 }
      if outcome == .mounted { totals.mounted &+= sizes[item] ?? 0 }
      sizes[item] = nil
      done[item] = nil
    case .planned, .note: break
    }
  }
}
