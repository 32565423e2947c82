/// A pod as a HorizontalPodAutoscaler sees it. Times are in seconds on any common clock.
public struct AutoscaledPod: Sendable, Hashable {
  /// The pod's `status.phase`.
  public enum Phase: String, Sendable {
    case pending = "Pending", running = "Running", succeeded = "Succeeded", failed = "Failed", unknown = "Unknown"
  }

  public var name: String
  public var phase: Phase
  /// Whether the pod has a deletion timestamp.
  public var isDeleted: Bool
  /// The status of the `Ready` condition; nil where the pod has no such condition.
  public var isReady: Bool?
  /// When the `Ready` condition last changed.
  public var readySince: Double
  /// When the pod started; nil where the kubelet has not reported it.
  public var started: Double?
  /// The resource request in thousandths, of all containers or of the one that the metric names; nil where one has no
  /// request.
  public var request: Int64?

  /// Creates a pod. By default it started long ago and has been ready since.
  /// - Parameter request: thousandths, such as millicores.
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
