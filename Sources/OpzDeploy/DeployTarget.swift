/// What runs the pods and decides how many there are.
public enum DeployTarget: String, Sendable, CaseIterable {
  /// A Deployment and a HorizontalPodAutoscaler.
  case kubernetes
  /// A Deployment and KEDA's ScaledObject.
  case keda
  /// A Service of Knative.
  case knative
  /// An InferenceService of KServe.
  case kserve

  /// The objects have a Deployment, a Service and what belongs to them.
  var hasDeployment: Bool { self == .kubernetes || self == .keda }

  /// The longest name from which the target can make those of what it writes itself: Knative a revision's, KServe `-predictor` and then
  /// `-00001-private`.
  var nameLimit: Int {
    switch self {
    case .kubernetes, .keda: 63
    case .knative: 36
    case .kserve: 38
    }
  }
}
