import OpzIO

/// Runs work on several threads and returns the results in input order. At most two pieces per thread are in flight,
/// which bounds the memory.
///
/// What the threads wait for and what the caller waits for are two monitors: a change wakes everyone who waits for the
/// same, and a finished piece is no news for a thread that waits for work.
package final class OrderedPipeline<Input: Sendable, Output: Sendable>: Sendable {
  private struct Work {
    var waiting: [(number: Int, input: Input)] = []
    var stopped = false
  }

  private struct Results {
    var finished: [Int: Result<Output, any Error>] = [:]
    var submitted = 0
    var taken = 0
  }

  private let work = Monitor(Work())
  private let results = Monitor(Results())
  private let limit: Int
  private let workers: [DedicatedThread<Void>]

  /// Starts the threads.
  package init(threads: Int, _ score: @escaping @Sendable (Input) throws -> Output) throws {
    limit = threads * 2
    let (work, results) = (work, results)
    workers = try (0..<threads).map { _ in
      try DedicatedThread {
        while let (number, input) = OrderedPipeline.take(work) {
          let result = Result { try score(input) }
          results.change { $0.finished[number] = result }
        }
      }
    }
  }

  private static func take(_ work: Monitor<Work>) -> (Int, Input)? {
    work.wait { work -> (Int, Input)?? in
      if work.stopped { return .some(nil) }
      guard !work.waiting.isEmpty else { return nil }
      let next = work.waiting.removeFirst()
      return .some((next.number, next.input))
    }
  }

  /// Submits a piece of work and returns the results that are ready; waits for one if too many are in flight.
  /// - Throws: the first error of the work, in order.
  package func submit(_ input: Input) throws -> [Output] {
    let number = results.change { results in
      results.submitted += 1
      return results.submitted - 1
    }
    work.change { $0.waiting.append((number, input)) }
    var ready: [Output] = []
    while let result = takeReady(atMost: limit) { ready.append(try result.get()) }
    return ready
  }

  /// The next result, waiting for it; nil when there are no more.
  package func drain() throws -> Output? { try takeReady(atMost: 0)?.get() }

  /// The next result, waiting for it if more than `count` pieces are in flight; nil if it is not ready.
  private func takeReady(atMost count: Int) -> Result<Output, any Error>? {
    results.wait { results -> Result<Output, any Error>?? in
      if let result = results.finished.removeValue(forKey: results.taken) {
        results.taken += 1
        return .some(result)
      }
      return results.submitted - results.taken > count ? nil : .some(nil)
    }
  }

  /// Ends the threads. Work that has not started is dropped.
  package func stop() {
    work.change { $0.stopped = true }
    for worker in workers { try? worker.join() }
  }
}
