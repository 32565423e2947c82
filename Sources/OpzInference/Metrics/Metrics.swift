import Synchronization

/// The server's counters since its start.
package final class Metrics: Sendable {
  /// The route label and response status by which requests are counted.
  package struct Key: Hashable {
    package let label: String
    package let status: Int
  }

  /// How many operations there were and their total time in nanoseconds.
  package struct Total: Equatable {
    package var count: UInt64 = 0
    package var nanoseconds: UInt64 = 0

    package mutating func add(_ duration: Duration) {
      count &+= 1
      nanoseconds &+= duration.nanoseconds
    }
  }

  package struct Values {
    package var requests: [Key: UInt64] = [:]
    package var latency = Histogram()
    package var rows: UInt64 = 0
    package var success = Total()
    package var failure = Total()
    package var failures: [FailureReason: UInt64] = [:]
    package var decoding = Total()
    package var scoring = Total()
    package var encoding = Total()
    /// Values that broke the contract, by column, reason and action; their own counts are 1.
    package var violations: [ContractViolation: UInt64] = [:]
    /// Milliseconds since 1970, 0 before the first.
    package var lastInference: UInt64 = 0

    fileprivate mutating func add(_ found: [ContractViolation]) {
      for var one in found {
        let count = UInt64(clamping: one.count)
        one.count = 1
        violations[one, default: 0] &+= count
      }
    }
  }

  /// Creates counters at zero.
  package init() {}

  private let values = Mutex(Values())

  /// A copy of all values at one moment.
  package var snapshot: Values { values.withLock { $0 } }

  /// Counts a response.
  package func count(_ label: StaticString, _ status: Int) {
    let key = Key(label: "\(label)", status: status)
    values.withLock { $0.requests[key, default: 0] &+= 1 }
  }

  /// Counts an inference request that failed.
  package func failed(_ error: any Error, in duration: Duration) {
    let reason = FailureReason(error)
    let violations = (error as? RequestFailure)?.violations ?? []
    values.withLock { values in
      values.latency.record(duration.seconds)
      values.failure.add(duration)
      values.failures[reason, default: 0] &+= 1
      values.add(violations)
    }
  }

  /// Counts the response to an inference request.
  package func inferred(_ inference: Inference, in duration: Duration, now: UInt64) {
    values.withLock { values in
      values.latency.record(duration.seconds)
      values.success.add(duration)
      values.rows &+= UInt64(inference.rows)
      values.decoding.add(inference.decoding)
      values.scoring.add(inference.scoring)
      values.encoding.add(inference.encoding)
      values.lastInference = now
      values.add(inference.violations)
    }
  }
}

/// Why an inference request failed.
package enum FailureReason: String, CaseIterable, Sendable {
  /// There was too much to do.
  case rejected
  /// The client left.
  case canceled
  /// The model, or what runs it, failed.
  case backend
  /// The request was wrong.
  case other

  package init(_ error: any Error) {
    guard let failure = error as? RequestFailure else {
      self = error is CancellationError ? .canceled : .backend
      return
    }
    switch failure.status {
    case 429, 503, 504: self = .rejected
    case 499: self = .canceled
    case 500...: self = .backend
    default: self = .other
    }
  }
}

extension Duration {
  /// Nanoseconds, 0 for a negative duration.
  package var nanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    return UInt64(seconds) &* 1_000_000_000 &+ UInt64(attoseconds / 1_000_000_000)
  }
}

/// Counts of durations by upper bound, as in Prometheus.
package struct Histogram {
  /// Seconds, from half a millisecond to ten seconds.
  package static let bounds: [Double] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  ]

  /// One count per bound and one for larger values; not cumulative.
  package private(set) var counts = [UInt64](repeating: 0, count: bounds.count + 1)
  /// The sum of all durations in seconds.
  package private(set) var sum = 0.0

  package var count: UInt64 { counts.reduce(0, &+) }

  package mutating func record(_ seconds: Double) {
    counts[Histogram.bounds.firstIndex { seconds <= $0 } ?? Histogram.bounds.count] &+= 1
    sum += seconds
  }
}
