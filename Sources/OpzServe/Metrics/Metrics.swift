import Synchronization

/// The server's counters since its start.
final class Metrics: Sendable {
  /// The route label and response status by which requests are counted.
  struct Key: Hashable {
    let label: String
    let status: Int
  }

  /// How many operations there were and their total time in nanoseconds.
  struct Total: Equatable {
    var count: UInt64 = 0
    var nanoseconds: UInt64 = 0

    mutating func add(_ duration: Duration) {
      count &+= 1
      nanoseconds &+= duration.nanoseconds
    }
  }

  struct Values {
    var requests: [Key: UInt64] = [:]
    var latency = Histogram()
    var rows: UInt64 = 0
    var success = Total()
    var failure = Total()
    var decoding = Total()
    var scoring = Total()
    var encoding = Total()
    /// Milliseconds since 1970, 0 before the first.
    var lastInference: UInt64 = 0
  }

  private let values = Mutex(Values())

  /// A copy of all values at one moment.
  var snapshot: Values { values.withLock { $0 } }

  /// Counts a response.
  func count(_ label: StaticString, _ status: Int) {
    let key = Key(label: "\(label)", status: status)
    values.withLock { $0.requests[key, default: 0] &+= 1 }
  }

  /// Counts the response to an inference request.
  func inferred(_ inference: ServedModel.Inference?, in duration: Duration, now: UInt64) {
    values.withLock { values in
      values.latency.record(duration.seconds)
      guard let inference else { return values.failure.add(duration) }
      values.success.add(duration)
      values.rows &+= UInt64(inference.rows)
      values.decoding.add(inference.decoding)
      values.scoring.add(inference.scoring)
      values.encoding.add(inference.encoding)
      values.lastInference = now
    }
  }
}

extension Duration {

  /// Nanoseconds, 0 for a negative duration.
  var nanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    return UInt64(seconds) &* 1_000_000_000 &+ UInt64(attoseconds / 1_000_000_000)
  }
}

/// Counts of durations by upper bound, as in Prometheus.
struct Histogram {
  /// Seconds, from half a millisecond to ten seconds.
  static let bounds: [Double] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  ]

  /// One count per bound and one for larger values; not cumulative.
  private(set) var counts = [UInt64](repeating: 0, count: bounds.count + 1)
  /// The sum of all durations in seconds.
  private(set) var sum = 0.0

  var count: UInt64 { counts.reduce(0, &+) }

  mutating func record(_ seconds: Double) {
    counts[Histogram.bounds.firstIndex { seconds <= $0 } ?? Histogram.bounds.count] &+= 1
    sum += seconds
  }
}
