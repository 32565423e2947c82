/// The system that runs the pods and scales them.
public enum DeployTarget: String, Sendable, CaseIterable {
  /// A Deployment and a HorizontalPodAutoscaler.
  case kubernetes
  /// A Deployment and a KEDA ScaledObject.
  case keda
  /// A Knative Service.
  case knative
  /// A KServe InferenceService.
  case kserve

  /// Whether the target uses a Deployment, a Service and the objects that belong to them.
  var hasDeployment: Bool { self == .kubernetes || self == .keda }

  /// The longest name from which the target can derive the names of its own objects: Knative appends a revision name,
  /// KServe `-predictor` and then `-00001-private`.
  var nameLimit: Int {
    switch self {
    case .kubernetes, .keda: 63
    case .knative: 36
    case .kserve: 38
    }
  }
}
