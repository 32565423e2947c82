import OpzIO

/// Runs work on several threads and returns the results in input order. At most two pieces per thread are in flight,
/// which bounds the memory.
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
  private let workers: [DedicatedThread<Void>]

  init(threads: Int, _ work: @escaping @Sendable (Input) throws -> Output) throws {
    limit = threads * 2
    let monitor = monitor
    workers = try (0..<threads).map { _ in
      try DedicatedThread {
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

  /// Submits a piece of work and returns the results that are ready; waits for one if too many are in flight.
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

  /// The next result, waiting for it; nil when there are no more.
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

  /// Ends the threads. Work that has not started is dropped.
  func stop() {
    monitor.change { $0.stopped = true }
    for worker in workers { try? worker.join() }
  }
}
