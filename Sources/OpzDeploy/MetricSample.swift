/// The resource use of a pod in thousandths, averaged over the `window` seconds before `at`.
public struct MetricSample: Sendable, Hashable {
  public var value: Int64
  public var at: Double
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
