/// The resource use of a pod in thousandths, averaged over the `window` seconds before `at`.
public struct MetricSample: Sendable, Hashable {
  /// Thousandths.
  public var value: Int64
  /// Seconds on any common clock.
  public var at: Double
  /// Seconds.
  public var window: Double

  /// Creates a sample.
  /// - Parameters:
  ///   - value: thousandths.
  ///   - at: seconds on the same clock as `AutoscaledPod`.
  ///   - window: seconds.
  public init(_ value: Int64, at: Double = 0, window: Double = 60) {
    self.value = value
    self.at = at
    self.window = window
  }
}
