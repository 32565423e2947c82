import OpzIO
import Synchronization

/// The bounded queue in front of a model that runs elsewhere. Requests leave it in order, several in one batch where
/// that gives the same answers.
package final class RequestQueue: Sendable {
  /// What bounds it.
  package struct Limits: Sendable {
    /// Requests that wait; more get 429.
    package var requests = 256
    /// The most rows of a batch.
    package var rows = 64
    /// How long a request may wait for others while a worker is free.
    package var wait = Duration.zero

    /// A queue of 256 requests, batches of 64 rows, no waiting.
    package init() {}
  }

  /// Why a batch left the queue.
  package enum Reason: String, CaseIterable, Sendable {
    /// It has the most rows.
    case full
    /// A worker was free, and no more waited.
    case idle
    /// The time to wait for others was over.
    case delay
    /// What waits next cannot be mixed with it.
    case mismatch
    /// A request that runs alone.
    case alone
  }

  fileprivate struct State {
    var waiting: [QueuedRequest] = []
    var running: [QueuedRequest] = []
    /// Called once each, the last first: workers that have nothing to do.
    var idle: [(id: Int, wake: @Sendable () -> Void)] = []
    var cost = CallCost()
    var workers = 0
    var closed: (status: Int, message: String)?
    var lastArrival: ContinuousClock.Instant?
    /// Seconds between arrivals, recent ones first.
    var interval = Double.infinity
    var values = QueueValues()
  }

  private let state = Mutex(State())
  private let limits: Mutex<Limits>

  /// An empty queue.
  package init(_ limits: Limits = Limits()) { self.limits = Mutex(limits) }

  /// Lowers the rows of a batch to what the model takes.
  package func limit(rows: Int) { limits.withLock { $0.rows = max(1, min($0.rows, rows)) } }

  /// Whether no request waits or runs.
  package var isIdle: Bool { state.withLock { $0.waiting.isEmpty && $0.running.isEmpty } }

  /// What is counted, at one moment.
  package var values: QueueValues {
    state.withLock { state in
      var values = state.values
      values.waiting = state.waiting.count
      values.cost = state.cost
      return values
    }
  }

  /// Refuses all requests from now on, those that wait too; nil takes them again.
  package func close(_ reason: (status: Int, message: String)?) {
    let dropped = state.withLock { state in
      state.closed = reason
      guard reason != nil else { return [QueuedRequest]() }
      defer { state.waiting = [] }
      return state.waiting
    }
    guard let reason else { return }
    for request in dropped { request.fail(reason.status, reason.message, retryAfter: 1) }
  }

  /// How many workers take from the queue, for the estimate of its time.
  package func set(workers: Int) { state.withLock { $0.workers = workers } }

  /// Waits for the answer to a request.
  /// - Throws: `RequestFailure`: 429 when it cannot be run in time, 504 when it is late, and what the worker says.
  package func run(_ request: RemoteRequest) async throws -> [RawTensor] {
    let queued = QueuedRequest(request)
    let wake = try enqueue(queued)
    wake?()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { queued.wait($0) }
    } onCancel: {
      leave(queued)
    }
  }

  /// Puts a request at the end.
  /// - Returns: what wakes a worker.
  private func enqueue(_ queued: QueuedRequest) throws -> (@Sendable () -> Void)? {
    let now = queued.arrived
    let limits = limits.withLock { $0 }
    return try state.withLock { state in
      if let closed = state.closed { throw RequestFailure(closed.status, closed.message, retryAfter: 1) }
      state.arrived(now)
      if let deadline = queued.request.deadline {
        guard deadline > now else {
          state.values.late &+= 1
          throw RequestFailure(504, "the deadline of the request has passed")
        }
        let needed = state.seconds(before: queued.rows, limits)
        guard !state.cost.isKnown || now + .seconds(needed) <= deadline else {
          state.values.refused &+= 1
          throw RequestFailure(
            429, "the request cannot be answered before its deadline: others wait", retryAfter: state.retryAfter(limits)
          )
        }
      }
      guard state.waiting.count < limits.requests else {
        state.values.refused &+= 1
        throw RequestFailure(429, "\(limits.requests) requests wait", retryAfter: state.retryAfter(limits))
      }
      state.waiting.append(queued)
      return state.idle.popLast()?.wake
    }
  }

  /// A caller that left: its place is free.
  private func leave(_ queued: QueuedRequest) {
    state.withLock { $0.waiting.removeAll { $0 === queued } }
    queued.finish(.failure(CancellationError()))
  }

  /// A batch to run now, or nil, and then `wake` is called once there is one.
  /// - Parameters:
  ///   - id: the worker's number; a second call replaces its `wake`.
  ///   - mayWait: whether a small batch may wait for others; the answer says until when.
  package func take(id: Int, mayWait: Bool, wake: @escaping @Sendable () -> Void) -> Taken {
    let limits = limits.withLock { $0 }
    let now = ContinuousClock.now
    let (taken, late) = state.withLock { state in
      state.idle.removeAll { $0.id == id }
      let late = state.dropLate(now)
      guard let first = state.waiting.first else {
        state.idle.append((id, wake))
        return (Taken.nothing, late)
      }
      var (chosen, reason) = state.choose(first, limits)
      let until = first.arrived + limits.wait
      if mayWait, reason == .idle, until > now, state.isWorthWaiting(limits) {
        state.idle.append((id, wake))
        return (.later(until), late)
      }
      if reason == .idle, limits.wait > .zero, until <= now { reason = .delay }
      return (.batch(state.remove(chosen, reason, now: now)), late)
    }
    for request in late { request.fail(504, "the deadline of the request passed while it waited") }
    return taken
  }

  /// What a worker gets.
  package enum Taken: Sendable {
    case batch([QueuedRequest])
    /// Nothing waits.
    case nothing
    /// Others may come until then.
    case later(ContinuousClock.Instant)
  }

  /// A worker that takes no more. If work waits, another one is woken for it.
  package func forget(id: Int) {
    let wake = state.withLock { state in
      state.idle.removeAll { $0.id == id }
      return state.waiting.isEmpty ? nil : state.idle.popLast()?.wake
    }
    wake?()
  }

  /// Ends a batch; `seconds` is nil where it was not computed to its end.
  package func ran(_ batch: [QueuedRequest], seconds: Double?) {
    state.withLock { state in
      state.running.removeAll { request in batch.contains { $0 === request } }
      guard let seconds else { return }
      state.cost.learn(rows: batch.reduce(0) { $0 + $1.rows }, seconds: seconds)
    }
  }

  /// Puts requests of a dead worker back to the front. They run alone.
  package func again(_ batch: [QueuedRequest]) {
    let wakes = state.withLock { state in
      state.running.removeAll { request in batch.contains { $0 === request } }
      let open = batch.filter { !$0.isAnswered }
      if let closed = state.closed {
        for request in open { request.fail(closed.status, closed.message, retryAfter: 1) }
        return [@Sendable () -> Void]()
      }
      state.waiting.insert(contentsOf: open, at: 0)
      let count = min(open.count, state.idle.count)
      defer { state.idle.removeLast(count) }
      return state.idle.suffix(count).map(\.wake)
    }
    for wake in wakes { wake() }
  }

  /// Answers requests whose deadline has passed: those that wait are not run, the answers of those that run are dropped.
  /// - Returns: whether any request has a deadline.
  package func expire(now: ContinuousClock.Instant = .now) -> Bool {
    let (late, some) = state.withLock { state in
      let waiting = state.dropLate(now)
      let running = state.running.filter { $0.isLate(now) && !$0.isAnswered }
      state.values.late &+= UInt64(running.count)
      return (waiting + running, (state.waiting + state.running).contains { $0.request.deadline != nil })
    }
    for request in late { request.fail(504, "the deadline of the request passed before its answer") }
    return some
  }
}

extension QueuedRequest {
  fileprivate func isLate(_ now: ContinuousClock.Instant) -> Bool { request.deadline.map { $0 <= now } ?? false }
}

extension RequestQueue.State {
  fileprivate mutating func arrived(_ now: ContinuousClock.Instant) {
    defer { lastArrival = now }
    guard let lastArrival else { return }
    let seconds = (now - lastArrival).seconds
    interval = interval.isFinite ? 0.9 * interval + 0.1 * seconds : seconds
  }

  /// Seconds until a request of so many rows would have its answer, if it came now.
  fileprivate func seconds(before rows: Int, _ limits: RequestQueue.Limits) -> Double {
    let ahead = (waiting + running).reduce(0) { $0.plus($1.rows) }
    let calls = (Double(ahead) / Double(limits.rows)).rounded(.up)
    let queue = (calls * cost.call + cost.row * Double(ahead)) / Double(max(1, workers))
    return queue + cost.seconds(rows: rows)
  }

  /// Whole seconds after which the queue is empty.
  fileprivate func retryAfter(_ limits: RequestQueue.Limits) -> Int {
    Int(max(1, min(3600, seconds(before: 0, limits).rounded(.up))))
  }

  /// Takes out what is late or has nobody waiting.
  fileprivate mutating func dropLate(_ now: ContinuousClock.Instant) -> [QueuedRequest] {
    guard waiting.contains(where: { $0.isLate(now) || $0.isAnswered }) else { return [] }
    let late = waiting.filter { $0.isLate(now) && !$0.isAnswered }
    values.late &+= UInt64(late.count)
    waiting.removeAll { $0.isLate(now) || $0.isAnswered }
    return late
  }

  /// The first request and those that may run with it, by position.
  fileprivate func choose(_ first: QueuedRequest, _ limits: RequestQueue.Limits) -> ([Int], RequestQueue.Reason) {
    guard first.isShareable, limits.rows > 1 else { return ([0], .alone) }
    var chosen = [0]
    var rows = first.rows
    var reason = RequestQueue.Reason.idle
    for (position, request) in waiting.enumerated().dropFirst() {
      guard request.isShareable, request.request.mixes(with: first.request) else {
        reason = .mismatch
        continue
      }
      guard rows.plus(request.rows) <= limits.rows else { return (chosen, .full) }
      chosen.append(position)
      rows += request.rows
    }
    return (chosen, rows >= limits.rows ? .full : reason)
  }

  /// Whether a small batch should wait for others. A lone caller would only be slower: others have to come within the
  /// time, and a call has to cost more than a row.
  fileprivate func isWorthWaiting(_ limits: RequestQueue.Limits) -> Bool {
    limits.wait > .zero && interval < limits.wait.seconds && cost.call > cost.row
  }

  fileprivate mutating func remove(_ chosen: [Int], _ reason: RequestQueue.Reason, now: ContinuousClock.Instant)
    -> [QueuedRequest]
  {
    let batch = chosen.map { waiting[$0] }
    let taken = Set(chosen)
    waiting = waiting.enumerated().filter { !taken.contains($0.offset) }.map(\.element)
    running += batch
    values.left[reason, default: 0] &+= 1
    values.requests &+= UInt64(batch.count)
    values.rows &+= UInt64(batch.reduce(0) { $0 + $1.rows })
    for request in batch { values.waited.record((now - request.arrived).seconds) }
    return batch
  }
}

/// What a queue counts.
package struct QueueValues: Sendable {
  /// Requests that wait now.
  package var waiting = 0
  /// Requests that left it.
  package var requests: UInt64 = 0
  package var rows: UInt64 = 0
  /// Batches by why they left.
  package var left: [RequestQueue.Reason: UInt64] = [:]
  /// Requests that were refused because they could not be answered in time.
  package var refused: UInt64 = 0
  /// Requests whose deadline passed.
  package var late: UInt64 = 0
  /// Time in the queue.
  package var waited = Histogram()
  package var cost = CallCost()
}
