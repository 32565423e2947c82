import OpzYAML

/// The system that runs the pods and scales them: the value of `--target`.
///
/// A target is a value. All that distinguishes it from the others is a member of it, and no member has a default: a new
/// target is a file in this directory and an entry of `allCases`, and what it does not answer does not compile.
public struct DeployTarget: RawRepresentable, CaseIterable, Sendable, Hashable, CustomStringConvertible {
  /// All targets, in the order in which `opz deploy --help` lists them.
  public static let allCases: [DeployTarget] = [.kubernetes, .keda, .knative, .kserve]

  /// How much of `deploy.autoscale.up` and `down` a target follows.
  enum HonoredLimits { case all, downWindow, none }

  /// What `--target` says.
  public let rawValue: String
  /// The longest object name from which the target can derive the names of its own objects, in characters.
  let nameLimit: Int
  /// The target for CPU use in percent of the request, where opz.yaml names no signal; nil where the target then follows
  /// another signal.
  let defaultCPUTarget: Int?
  /// What scales the Deployment; nil where opz writes no Deployment, because the target runs the pods in its own way.
  let autoscaler: DeploymentAutoscaler?
  /// Whether the autoscaler evaluates the query in `deploy.autoscale.activate`.
  let evaluatesQueries: Bool
  /// How much of `deploy.autoscale.up` and `down` the target follows.
  let honoredLimits: @Sendable (DeploymentPlan) -> HonoredLimits
  /// Whether requests reach the pods through Knative's proxy.
  let isBehindKnative: @Sendable (DeploymentPlan) -> Bool
  /// A regular expression for the names of the pods, which Prometheus matches as a whole.
  let podPattern: @Sendable (DeploymentPlan, PlanNames) -> String

  /// Rejects a server, or an image without one, that the target cannot run.
  let checkServer: @Sendable (DeploymentPlan) throws -> Void
  /// Rejects a minimum of no replicas where nothing would start the first one.
  let checkZeroReplicas: @Sendable (DeploymentPlan) throws -> Void
  /// Rejects signals that nothing would measure, and combinations that the autoscaler cannot follow.
  let checkSignals: @Sendable (DeploymentPlan) throws -> Void

  /// Adds the objects of a server.
  /// The second argument is another version with which it shares the requests.
  let addObjects: @Sendable (inout ObjectList, DeploymentPlan?) throws -> Void
  /// Replaces what users of a chart may change in an object of the target's own kinds.
  /// - Returns: false for an object that the target does not know.
  let addChartValues: @Sendable (Manifests.Object, inout ChartTemplate, inout ChartValues) -> Bool

  /// Whether the pods belong to a Deployment of opz's, with a Service. Then two versions run as separate objects, and
  /// an HTTPRoute divides the requests.
  var hasDeployment: Bool { autoscaler != nil }

  public var description: String { rawValue }

  /// Two targets are equal if their names are.
  public static func == (one: DeployTarget, other: DeployTarget) -> Bool { one.rawValue == other.rawValue }

  /// Hashes the name.
  public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}

extension DeployTarget {
  /// Finds a target by its name.
  public init?(rawValue: String) {
    guard let found = DeployTarget.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = found
  }
}

/// The kind of object that scales a Deployment.
struct DeploymentAutoscaler: Sendable {
  let kind: String
  /// The keys in `spec` of the minimum and the maximum number of replicas.
  let minimumKey: String
  let maximumKey: String
  /// What comes before the object's name in that of the HorizontalPodAutoscaler that kube-state-metrics reports.
  let metricsPrefix: String
  let object: @Sendable (DeploymentPlan, PlanNames) -> any YAMLEncodable

  /// The kinds of all targets.
  static let all = DeployTarget.allCases.compactMap(\.autoscaler)
}
