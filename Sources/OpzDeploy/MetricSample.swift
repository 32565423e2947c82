/// What a pod used: thousandths, the average of the `window` seconds before `at`.
public struct MetricSample: Sendable, Hashable {
  public var value: Int64
  public var at: Double
  public var window: Double

  public init(_ value: Int64, at: Double = 0, window: Double = 60) {
    self.value = value
    self.at = at
    self.window = window
  }
}
