/// Small manifests for the pages of the rules, which are also their tests.
enum Example {
  static let digest = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

  /// A Deployment `churn` with one container `server`. The arguments are lines to insert at their places.
  static func deployment(_ container: String = "", pod: String = "", spec: String = "", kind: String = "Deployment")
    -> String
  {
    """
    apiVersion: apps/v1
    kind: \(kind)
    metadata: {name: churn}
    spec:
    \(indented(spec, 2))  selector: {matchLabels: {app: churn}}
      template:
        metadata: {labels: {app: churn}}
        spec:
    \(indented(pod, 6))      containers:
            - name: server
    \(indented(container, 10))
    """.trimmingEnd
  }

  static let cpuRequest = "resources: {requests: {cpu: 500m}}"

  /// A HorizontalPodAutoscaler of the Deployment `churn`.
  static func hpa(
    _ resource: String = "cpu", target: Int = 70, min: Int = 2, max: Int = 10, spec: String = "", name: String = "churn"
  ) -> String {
    """
    apiVersion: autoscaling/v2
    kind: HorizontalPodAutoscaler
    metadata: {name: \(name)}
    spec:
      scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: churn}
      minReplicas: \(min)
      maxReplicas: \(max)
    \(indented(spec, 2))  metrics:
        - {type: Resource, resource: {name: \(resource), target: {type: Utilization, averageUtilization: \(target)}}}
    """
  }

  static func stream(_ documents: String...) -> String { documents.joined(separator: "\n---\n") }

  private static func indented(_ text: String, _ count: Int) -> String {
    text.isEmpty ? "" : text.split(separator: "\n").map { String(repeating: " ", count: count) + $0 + "\n" }.joined()
  }
}

extension String {
  fileprivate var trimmingEnd: String {
    var text = self
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}

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
