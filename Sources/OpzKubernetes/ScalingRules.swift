/// The limits of one direction in a HorizontalPodAutoscaler's `behavior` (autoscaling/v2, HPAScalingRules).
public struct ScalingRules: Sendable, Hashable {
  /// The amount by which replicas may change per period.
  public struct Policy: Sendable, Hashable {
    /// The unit of a policy's value.
    public enum Kind: String, Sendable {
      case pods = "Pods"
      case percent = "Percent"
    }

    public let kind: Kind
    /// Pods or percent, as `kind` says.
    public let value: Int
    /// Seconds.
    public let period: Double

    /// Creates a policy.
    /// - Parameter period: seconds.
    public init(_ kind: Kind, _ value: Int, period: Double) {
      self.kind = kind
      self.value = value
      self.period = period
    }
  }

  /// Which of several policies applies.
  public enum Selection: String, Sendable {
    /// The one that allows the largest change.
    case max = "Max"
    /// The one that allows the smallest change.
    case min = "Min"
    /// None: the replicas do not change in this direction.
    case disabled = "Disabled"
  }

  /// The stabilization window in seconds; nil for the controller's default, 0 upwards and 300 downwards.
  public var window: Double?
  public var selection: Selection
  public var policies: [Policy]

  /// Creates rules.
  /// - Parameter window: seconds; nil for the controller's default.
  public init(window: Double?, selection: Selection = .max, policies: [Policy]) {
    self.window = window
    self.selection = selection
    self.policies = policies
  }

  /// Rules for scaling up, with the API server's defaults for what is nil (pkg/apis/autoscaling/v2/defaults.go).
  public static func upward(
    window: Double? = nil, selection: Selection? = nil, policies: [Policy]? = nil
  ) -> ScalingRules {
    ScalingRules(
      window: window ?? 0, selection: selection ?? .max,
      policies: policies ?? [Policy(.pods, 4, period: 15), Policy(.percent, 100, period: 15)])
  }

  /// Rules for scaling down, with the API server's defaults for what is nil. The window has none, because the
  /// controller has a flag for it.
  public static func downward(
    window: Double? = nil, selection: Selection? = nil, policies: [Policy]? = nil
  ) -> ScalingRules {
    ScalingRules(
      window: window, selection: selection ?? .max, policies: policies ?? [Policy(.percent, 100, period: 15)])
  }
}
