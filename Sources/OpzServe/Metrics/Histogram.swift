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
