import OpzYAML

/// How KServe runs an InferenceService.
enum InferenceMode {
  /// As a Deployment: `RawDeployment`, called `Standard` since KServe 0.16.
  case standard
  /// With Knative: `Serverless`, called `Knative` since KServe 0.16.
  case knative
  /// As the cluster's configuration says, because the object does not.
  case unknown

  init(_ service: LintObject) {
    switch service.annotations["serving.kserve.io/deploymentMode"] {
    case "RawDeployment", "Standard": self = .standard
    case "Serverless", "Knative": self = .knative
    default: self = .unknown
    }
  }
}

/// The autoscaling annotations of a Knative revision.
struct KnativeScaling: Sendable {
  static let prefix = "autoscaling.knative.dev/"

  private let annotations: YAMLNode?

  init(_ workload: Workload) { annotations = workload.template["metadata", "annotations"] }

  /// The first of several spellings that exists: `min-scale`, and the older `minScale`.
  subscript(_ keys: String...) -> YAMLNode? {
    keys.lazy.compactMap { key in annotations?[KnativeScaling.prefix + key] }.first
  }

  var minimum: YAMLNode? { self["min-scale", "minScale"] }
  var maximum: YAMLNode? { self["max-scale", "maxScale"] }
  var initial: YAMLNode? { self["initial-scale", "initialScale"] }
}
