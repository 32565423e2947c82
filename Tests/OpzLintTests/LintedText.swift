import OpzLint
import Testing

/// Lints a text and finds one code in it.
enum LintedText {
  static func findings(_ text: String, _ change: (inout LintOptions) -> Void = { _ in }) throws -> [Finding] {
    var options = LintOptions()
    change(&options)
    return try Linter.lint(text, named: "t.yaml", options)
  }

  static func codes(_ text: String, _ change: (inout LintOptions) -> Void = { _ in }) throws -> [String] {
    try findings(text, change).map(\.code)
  }

  /// The only finding of a code, or nil.
  static func find(_ code: String, _ text: String, change: (inout LintOptions) -> Void = { _ in }) throws -> Finding? {
    let found = try findings(text, change).filter { $0.code == code }
    #expect(found.count <= 1, "\(found.map(\.message))")
    return found.first
  }

  /// A Deployment with one container and the given additions.
  static func deployment(_ container: String, pod: String = "", spec: String = "", annotations: String = "{}") -> String
  {
    """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: churn, annotations: \(annotations)}
    spec:
      \(spec.isEmpty ? "paused: false" : spec)
      selector: {matchLabels: {app: churn}}
      template:
        metadata: {labels: {app: churn}}
        spec:
          \(pod.isEmpty ? "dnsPolicy: ClusterFirst" : pod)
          containers:
            - {name: server, image: "r.example/churn:1"\(container.isEmpty ? "" : ", ")\(container)}

    """
  }

  static func hpa(_ metrics: String, spec: String = "minReplicas: 2, maxReplicas: 10", name: String = "churn") -> String
  {
    """
    ---
    apiVersion: autoscaling/v2
    kind: HorizontalPodAutoscaler
    metadata: {name: \(name)}
    spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: churn}, \(spec), metrics: [\(metrics)]}

    """
  }

  static func utilization(_ percent: Int, of resource: String = "cpu") -> String {
    "{type: Resource, resource: {name: \(resource), target: {type: Utilization, averageUtilization: \(percent)}}}"
  }
}
