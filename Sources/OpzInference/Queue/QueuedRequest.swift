import Synchronization

/// A request from its arrival to its answer. It is answered once: whatever comes later is dropped.
package final class QueuedRequest: Sendable {
  package let request: RemoteRequest
  /// Rows of each input, or 1 where inputs differ and the request has to run alone.
  package let rows: Int
  package let arrived: ContinuousClock.Instant
  private let state = Mutex(State())

  private struct State {
    var continuation: CheckedContinuation<[RawTensor], any Error>?
    var early: Result<[RawTensor], any Error>?
    var isAnswered = false
    var deaths = 0
    var isAlone = false
  }

  init(_ request: RemoteRequest, arrived: ContinuousClock.Instant = .now) {
    self.request = request
    self.arrived = arrived
    rows = request.commonRows ?? 1
  }

  /// Whether nobody waits for it any more.
  package var isAnswered: Bool { state.withLock { $0.isAnswered } }

  /// How many workers ended while they ran it.
  package var deaths: Int { state.withLock { $0.deaths } }

  /// Counts a worker that ended while it ran this request, which runs alone from now on.
  package func countDeath() {
    state.withLock {
      $0.deaths += 1
      $0.isAlone = true
    }
  }

  /// Runs alone from now on, because one of its batch took too long.
  package func separate() { state.withLock { $0.isAlone = true } }

  /// Whether it may share a batch with others.
  var isShareable: Bool { request.commonRows != nil && !state.withLock { $0.isAlone } }

  /// Answers the request, unless it has been answered before.
  package func finish(_ result: Result<[RawTensor], any Error>) {
    let continuation: CheckedContinuation<[RawTensor], any Error>? = state.withLock { state in
      guard !state.isAnswered else { return nil }
      state.isAnswered = true
      if state.continuation == nil { state.early = result }
      defer { state.continuation = nil }
      return state.continuation
    }
    continuation?.resume(with: result)
  }

  /// Answers it with a failure.
  package func fail(_ status: Int, _ message: String, retryAfter: Int? = nil) {
    finish(.failure(RequestFailure(status, message, retryAfter: retryAfter)))
  }

  /// Hands over whom to resume with the answer; at once if there is one already.
  func wait(_ continuation: CheckedContinuation<[RawTensor], any Error>) {
    let early = state.withLock { state in
      if state.early == nil { state.continuation = continuation }
      return state.early
    }
    if let early { continuation.resume(with: early) }
  }
}

extension RemoteRequest {
  /// The rows that all inputs have; nil where they differ or there are none.
  package var commonRows: Int? {
    guard let rows = inputs.first?.shape.first, inputs.allSatisfy({ $0.shape.first == rows }) else { return nil }
    return rows
  }

  /// Whether the rows of both may be computed in one call: the same inputs, types, shapes, outputs and parameters.
  package func mixes(with other: RemoteRequest) -> Bool {
    guard outputs == other.outputs, parameters == other.parameters, inputs.count == other.inputs.count else {
      return false
    }
    return zip(inputs, other.inputs).allSatisfy { mine, theirs in
      mine.name == theirs.name && mine.datatype == theirs.datatype && mine.shape.dropFirst() == theirs.shape.dropFirst()
    }
  }
}
