extension Example {
  /// A ScaledObject of the Deployment `churn`.
  static func scaledObject(_ spec: String, trigger: String) -> String {
    """
    apiVersion: keda.sh/v1alpha1
    kind: ScaledObject
    metadata: {name: churn}
    spec:
      scaleTargetRef: {name: churn}
      \(spec)
      triggers:
        - \(trigger)
    """
  }

  static let prometheus =
    "{type: prometheus, metadata: {serverAddress: \"http://prometheus:9090\", query: \"sum(rate(requests[1m]))\", threshold: \"50\"}}"
}
