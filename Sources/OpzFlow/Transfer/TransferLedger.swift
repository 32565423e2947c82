import OpzIO
import OpzOCI
import Synchronization

/// Records how each item of a transfer reached its destination, counts bytes, and forwards progress events.
final class TransferLedger: ProgressSink {
  private let tally: ProgressTally
  private struct State {
    var sizes: [String: UInt64] = [:]
    var outcomes: [String: ProgressOutcome] = [:]
    var counts: [ProgressOutcome: Int] = [:]
    var safe: UInt64 = 0
  }

  private let state = Mutex(State())

  init(_ sink: any ProgressSink) { tally = ProgressTally(sink) }

  var totals: TransferTotals {
    let (bytes, counts) = (tally.totals, state.withLock { $0.counts })
    var totals = TransferTotals()
    totals.sent = bytes.sent &- min(bytes.sent, bytes.resent)
    totals.resent = bytes.resent
    totals.kept = bytes.kept
    totals.mounted = bytes.mounted
    totals.skipped = bytes.skipped
    totals.sentItems = counts[.done] ?? 0
    totals.mountedItems = counts[.mounted] ?? 0
    totals.skippedItems = counts[.existed] ?? 0
    return totals
  }

  /// Bytes of complete blobs at the destination.
  var safe: UInt64 { state.withLock { $0.safe } }

  /// How a blob reached the destination.
  func outcome(of digest: Digest) -> ProgressOutcome? { state.withLock { $0.outcomes[digest.short] } }

  func report(_ event: ProgressEvent) {
    state.withLock { state in
      switch event {
      case .started(let item, let total): state.sizes[item] = total
      case .finished(let item, let outcome):
        let size = state.sizes.removeValue(forKey: item) ?? 0
        if outcome != .failed { state.safe &+= size }
        state.counts[outcome, default: 0] += 1
        // An item that this transfer just sent is not reported as having existed.
        if outcome != .existed || state.outcomes[item] == nil { state.outcomes[item] = outcome }
      case .planned, .advanced, .restarted, .repeated, .kept, .note: break
      }
    }
    tally.report(event)
  }
}
