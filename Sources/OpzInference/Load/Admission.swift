import Synchronization

/// Bounds the server's load: the bytes of all bodies and responses, and the requests that are being scored or wait
/// for it.
///
/// A request counts against the request limit only once its body is complete, so slow senders cannot block others.
package final class Admission: Sendable {
  private struct State {
    var open = 0
    var scoring = 0
    var bytes = 0
  }

  private let state = Mutex(State())
  private let limits: ServerLimits

  package init(_ limits: ServerLimits) { self.limits = limits }

  /// Inference requests without a response yet, including those whose body is still being read.
  package var requests: Int { state.withLock { $0.open } }

  /// Bytes that are reserved now.
  package var bytes: Int { state.withLock { $0.bytes } }

  /// Begins a request.
  package func open() -> Ticket {
    state.withLock { $0.open += 1 }
    return Ticket(admission: self)
  }

  /// Reserves bytes that a client may send ahead; false where they do not fit.
  package func take(_ bytes: Int) -> Bool {
    state.withLock { state in
      guard bytes <= limits.bodyBudget - state.bytes else { return false }
      state.bytes += bytes
      return true
    }
  }

  /// Gives back what `take` reserved.
  package func give(_ bytes: Int) { state.withLock { $0.bytes -= bytes } }

  /// The resources that one request holds, released with the last reference to the ticket. It stays with the response
  /// until that is written.
  package final class Ticket: Sendable {
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

    /// Reserves more bytes.
    /// - Throws: `RequestFailure` with 503 when all requests together would exceed the budget.
    package func add(bytes count: Int) throws {
      guard admission.take(count) else {
        throw RequestFailure(503, "too many bytes of requests are in flight: try again", leavesBody: true)
      }
      held.withLock { $0.bytes += count }
    }

    /// Sets the reserved bytes regardless of the budget, for a response that already exists.
    package func hold(bytes count: Int) {
      let difference = held.withLock { held in
        defer { held.bytes = count }
        return count - held.bytes
      }
      admission.state.withLock { $0.bytes += difference }
    }

    package func give(back count: Int) {
      admission.state.withLock { $0.bytes -= count }
      held.withLock { $0.bytes -= count }
    }

    /// Counts the request as scoring.
    package func score() throws {
      let limit = admission.limits.requestsInFlight
      let scores = admission.state.withLock { state in
        guard state.scoring < limit else { return false }
        state.scoring += 1
        return true
      }
      guard scores else { throw RequestFailure(503, "\(limit) requests are in flight: try again") }
      held.withLock { $0.scores = true }
    }

    /// Ends the request; only the response's bytes stay reserved.
    package func close() {
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
