import OpzIO

/// Work on several threads whose results come back in the order in which it was given. At most two pieces a thread are on
/// their way, so memory is bounded.
final class OrderedPipeline<Input: Sendable, Output: Sendable>: Sendable {
  private struct State {
    var waiting: [(number: Int, input: Input)] = []
    var finished: [Int: Result<Output, any Error>] = [:]
    var submitted = 0
    var taken = 0
    var stopped = false
  }

  private let monitor = Monitor(State())
  private let limit: Int
  private let workers: [OwnThread<Void>]

  init(threads: Int, _ work: @escaping @Sendable (Input) throws -> Output) throws {
    limit = threads * 2
    let monitor = monitor
    workers = try (0..<threads).map { _ in
      try OwnThread {
        while let (number, input) = OrderedPipeline.take(monitor) {
          let result = Result { try work(input) }
          monitor.change { $0.finished[number] = result }
        }
      }
    }
  }

  private static func take(_ monitor: Monitor<State>) -> (Int, Input)? {
    monitor.wait { state -> (Int, Input)?? in
      if state.stopped { return .some(nil) }
      guard !state.waiting.isEmpty else { return nil }
      let next = state.waiting.removeFirst()
      return .some((next.number, next.input))
    }
  }

  /// Gives a piece of work, and takes the results that are ready; it waits for one when too many are on their way.
  /// - Throws: the first error of the work, in order.
  func submit(_ input: Input) throws -> [Output] {
    monitor.change { state in
      state.waiting.append((state.submitted, input))
      state.submitted += 1
    }
    var ready: [Output] = []
    while let result = takeReady(waiting: monitor.change { $0.submitted - $0.taken } > limit) {
      ready.append(try result.get())
    }
    return ready
  }

  /// The next result, waiting for it; nil when all are taken.
  func drain() throws -> Output? {
    guard monitor.change({ $0.submitted > $0.taken }) else { return nil }
    return try takeReady(waiting: true)?.get()
  }

  private func takeReady(waiting: Bool) -> Result<Output, any Error>? {
    monitor.wait { state -> Result<Output, any Error>?? in
      if let result = state.finished.removeValue(forKey: state.taken) {
        state.taken += 1
        return .some(result)
      }
      return waiting ? nil : .some(nil)
    }
  }

  /// Ends the threads. Work that has not begun is dropped.
  func stop() {
    monitor.change { $0.stopped = true }
    for worker in workers { try? worker.join() }
  }
}
