/// How KServe runs an InferenceService.
enum InferenceMode {
  /// As a Deployment: `RawDeployment`, called `Standard` since KServe 0.16.
  case standard
  /// With Knative: `Serverless`, called `Knative` since KServe 0.16.
  case knative
  /// As the cluster's configuration says, because the object does not.
  case unknown

  init(_ service: KubernetesObject) {
    switch service.annotations["serving.kserve.io/deploymentMode"] {
    case "RawDeployment", "Standard": self = .standard
    case "Serverless", "Knative": self = .knative
    default: self = .unknown
    }
  }
}
