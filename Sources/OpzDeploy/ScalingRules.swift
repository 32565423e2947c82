/// The limits of one direction of a HorizontalPodAutoscaler's `behavior` (autoscaling/v2, HPAScalingRules).
public struct ScalingRules: Sendable, Hashable {
  /// Replicas may change by so much in so many seconds.
  public struct Policy: Sendable, Hashable {
    public enum Kind: String, Sendable {
      case pods = "Pods"
      case percent = "Percent"
    }

    public let kind: Kind
    public let value: Int
    public let period: Double

    public init(_ kind: Kind, _ value: Int, period: Double) {
      self.kind = kind
      self.value = value
      self.period = period
    }
  }

  /// Which of several policies counts.
  public enum Selection: String, Sendable {
    /// The one that changes the most.
    case most = "Max"
    case least = "Min"
    /// None: nothing changes in this direction.
    case disabled = "Disabled"
  }

  /// Seconds of which the most careful recommendation counts; nil is the controller's own, 0 upwards and 300 downwards.
  public var window: Double?
  public var selection: Selection
  public var policies: [Policy]

  public init(window: Double?, selection: Selection = .most, policies: [Policy]) {
    self.window = window
    self.selection = selection
    self.policies = policies
  }

  /// Upwards, with what the API server fills in for what is left out (pkg/apis/autoscaling/v2/defaults.go).
  public static func upward(
    window: Double? = nil, selection: Selection? = nil, policies: [Policy]? = nil
  ) -> ScalingRules {
    ScalingRules(
      window: window ?? 0, selection: selection ?? .most,
      policies: policies ?? [Policy(.pods, 4, period: 15), Policy(.percent, 100, period: 15)])
  }

  /// Downwards; the window stays out, because the controller has a flag for it.
  public static func downward(
    window: Double? = nil, selection: Selection? = nil, policies: [Policy]? = nil
  ) -> ScalingRules {
    ScalingRules(
      window: window, selection: selection ?? .most, policies: policies ?? [Policy(.percent, 100, period: 15)])
  }
}
