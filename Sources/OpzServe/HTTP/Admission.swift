import Synchronization

/// Bounds how much work the server takes on: the bytes of all bodies, and the requests that are scored or wait for it.
///
/// A request counts against the limit only when its body is whole, so slow senders cannot shut the others out.
final class Admission: Sendable {
  private struct State {
    var open = 0
    var scoring = 0
    var bytes = 0
  }

  private let state = Mutex(State())
  private let limits: ServerLimits

  init(_ limits: ServerLimits) { self.limits = limits }

  /// Inference requests without an answer, those included that are still being read.
  var requests: Int { state.withLock { $0.open } }

  /// Begins a request. What it takes is given back by `Ticket.close`.
  func open() -> Ticket {
    state.withLock { $0.open += 1 }
    return Ticket(admission: self)
  }

  /// What one request holds. It belongs to the task that answers the request.
  struct Ticket {
    fileprivate let admission: Admission
    private var bytes = 0
    private var scores = false

    fileprivate init(admission: Admission) { self.admission = admission }

    /// Takes on more bytes of the body.
    mutating func add(bytes count: Int) throws {
      let fits = admission.state.withLock { state in
        guard count <= admission.limits.bodyBudget - state.bytes else { return false }
        state.bytes += count
        return true
      }
      guard fits else {
        throw RequestFailure(503, "too many bytes of requests are in flight: try again", leavesBody: true)
      }
      bytes += count
    }

    /// Takes on the scoring.
    mutating func score() throws {
      let limit = admission.limits.requestsInFlight
      scores = admission.state.withLock { state in
        guard state.scoring < limit else { return false }
        state.scoring += 1
        return true
      }
      guard scores else { throw RequestFailure(503, "\(limit) requests are in flight: try again") }
    }

    func close() {
      admission.state.withLock { state in
        state.open -= 1
        state.scoring -= scores ? 1 : 0
        state.bytes -= bytes
      }
    }
  }
}
