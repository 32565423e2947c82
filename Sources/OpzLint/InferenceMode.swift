/// How KServe runs an InferenceService.
enum InferenceMode {
  /// A Deployment: `RawDeployment`, since 0.16 `Standard`.
  case standard
  /// `Serverless`, since 0.16 `Knative`.
  case knative
  /// The cluster's configuration decides.
  case unknown

  init(_ service: KubernetesObject) {
    switch service.annotations["serving.kserve.io/deploymentMode"] {
    case "RawDeployment", "Standard": self = .standard
    case "Serverless", "Knative": self = .knative
    default: self = .unknown
    }
  }
}
