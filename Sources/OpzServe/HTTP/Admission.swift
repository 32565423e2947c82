import Synchronization

/// Bounds how much work the server takes on: the bytes of all bodies and answers, and the requests that are scored or wait for it.
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

  /// Begins a request.
  func open() -> Ticket {
    state.withLock { $0.open += 1 }
    return Ticket(admission: self)
  }

  /// What one request holds; with the ticket's last use all of it is given back. It goes with the answer until that is written.
  final class Ticket: Sendable {
    private struct Held {
      var bytes = 0
      var scores = false
      var isOpen = true
    }

    private let admission: Admission
    private let held = Mutex(Held())

    fileprivate init(admission: Admission) { self.admission = admission }

    deinit {
      close()
      give(back: held.withLock { $0.bytes })
    }

    /// Takes on more bytes.
    /// - Throws: `RequestFailure` with 503 where all requests together would have too many.
    func add(bytes count: Int) throws {
      let fits = admission.state.withLock { state in
        guard count <= admission.limits.bodyBudget - state.bytes else { return false }
        state.bytes += count
        return true
      }
      guard fits else {
        throw RequestFailure(503, "too many bytes of requests are in flight: try again", leavesBody: true)
      }
      held.withLock { $0.bytes += count }
    }

    /// Holds so many bytes from now on, whether there is room or not: an answer that is there.
    func hold(bytes count: Int) {
      let difference = held.withLock { held in
        defer { held.bytes = count }
        return count - held.bytes
      }
      admission.state.withLock { $0.bytes += difference }
    }

    func give(back count: Int) {
      admission.state.withLock { $0.bytes -= count }
      held.withLock { $0.bytes -= count }
    }

    /// Takes on the scoring.
    func score() throws {
      let limit = admission.limits.requestsInFlight
      let scores = admission.state.withLock { state in
        guard state.scoring < limit else { return false }
        state.scoring += 1
        return true
      }
      guard scores else { throw RequestFailure(503, "\(limit) requests are in flight: try again") }
      held.withLock { $0.scores = true }
    }

    /// The request is answered; what is left is the answer's bytes.
    func close() {
      let (wasOpen, scored) = held.withLock { held in
        defer { (held.isOpen, held.scores) = (false, false) }
        return (held.isOpen, held.scores)
      }
      admission.state.withLock { state in
        state.open -= wasOpen ? 1 : 0
        state.scoring -= scored ? 1 : 0
      }
    }
  }
}
