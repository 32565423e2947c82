import OpzDatabase
import OpzIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Reads rows on a thread of its own, a few pieces ahead of whoever takes them.
final class RowFeed: Sendable {
  private struct State {
    var waiting: [RowBytes] = []
    var end: Result<Void, any Error>?
    var isStopped = false

    mutating func stop() {
      isStopped = true
      waiting = []
    }
  }

  private struct Stopped: Error {}

  private let state = Monitor(State())

  /// Pieces that wait at most.
  private static let limit = 4

  /// - Parameters:
  ///   - isStopping: asked every 50 milliseconds; once it is true, there are no more pieces.
  ///   - read: calls its argument with each piece.
  init(
    isStopping: @escaping @Sendable () -> Bool,
    _ read: @escaping @Sendable ((RowBytes) throws -> Void) throws -> Void
  ) throws {
    let state = state
    _ = try DedicatedThread {
      let result = Result { try read { try RowFeed.add($0, to: state) } }
      state.change { $0.end = result }
    }
    _ = try DedicatedThread {
      // A database that sorts for minutes sends nothing meanwhile.
      while !state.change({ $0.isStopped || $0.end != nil }) {
        if isStopping() { return state.change { $0.stop() } }
        usleep(50_000)
      }
    }
  }

  private static func add(_ rows: RowBytes, to state: Monitor<State>) throws {
    let isStopped = state.wait { state -> Bool? in
      if state.isStopped { return true }
      guard state.waiting.count < limit else { return nil }
      state.waiting.append(rows)
      return false
    }
    if isStopped { throw Stopped() }
  }

  /// The next piece, waiting for it; nil when there are no more.
  /// - Throws: what reading threw.
  func next() throws -> RowBytes? {
    try state.wait { state -> Result<RowBytes?, any Error>? in
      if !state.waiting.isEmpty { return .success(state.waiting.removeFirst()) }
      if state.isStopped { return .success(nil) }
      return state.end.map { $0.map { _ in nil } }
    }.get()
  }

  /// Ends reading. The thread may still wait for the database, and ends with its answer.
  func stop() { state.change { $0.stop() } }
}
