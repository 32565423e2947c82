/// A pod as a HorizontalPodAutoscaler sees it. Times are seconds on any one clock.
public struct AutoscaledPod: Sendable, Hashable {
  public enum Phase: String, Sendable {
    case pending = "Pending", running = "Running", succeeded = "Succeeded", failed = "Failed", unknown = "Unknown"
  }

  public var name: String
  public var phase: Phase
  public var isDeleted: Bool
  /// The condition Ready; nil where the pod has none.
  public var isReady: Bool?
  /// When that condition last changed.
  public var readySince: Double
  /// Nil where the kubelet has not seen it.
  public var started: Double?
  /// Thousandths, of all containers or of the one that the metric names; nil where one has no request.
  public var request: Int64?

  public init(
    name: String, phase: Phase = .running, isDeleted: Bool = false, isReady: Bool? = true,
    readySince: Double = -1_000_000_000, started: Double? = -1_000_000_000, request: Int64? = nil
  ) {
    self.name = name
    self.phase = phase
    self.isDeleted = isDeleted
    self.isReady = isReady
    self.readySince = readySince
    self.started = started
    self.request = request
  }
}
