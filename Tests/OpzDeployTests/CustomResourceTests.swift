import OpzDeploy
import OpzIO
import Testing

@Suite("Schemas of custom resources")
struct CustomResourceTests {
  /// Our schemas of custom resources are tested too: each key is misspelled and each value mistyped, one at a time.
  @Test(
    "a custom resource with any broken key or value is refused",
    arguments: [
      (Scenario.canary, ["HTTPRoute"]), (.zero, ["ScaledObject"]), (.kedaResources, ["ScaledObject"]),
      (.knativeCPU, ["Service"]), (.kserve, ["InferenceService"]),
      (.kserveVolume, ["InferenceService"]), (.modelcar, ["InferenceService"]), (.kserveFetch, ["InferenceService"]),
      (.kserveRequests, ["InferenceService"]),
      (.kserveFlight, ["InferenceService"]), (.knative, ["Service"]), (.knativeCanary, ["Service"]),
      (.monitored, ["PrometheusRule", "ServiceMonitor", "VerticalPodAutoscaler"]),
    ])
  func everywhere(scenario: Scenario, kinds: [String]) async throws {
    let result = try await Scenario.python("mutants.py", [], input: scenario.manifests.stream)
    #expect(result.status == 0, "\(result.errorText)")
    let counts = result.text.split(separator: "\n").map { $0.split(separator: " ") }
    #expect(counts.map { String($0[0]) }.sorted() == kinds)
    for count in counts { #expect(Int(count[1]) ?? 0 > 80, "\(count)") }
  }

  struct Mutant: Sendable {
    let scenario: Scenario
    let old: String
    let new: String
    /// What is refused, as in the beginning of validate.py's output.
    let place: String
    init(_ scenario: Scenario, _ old: String, _ new: String, _ place: String) {
      (self.scenario, self.old, self.new, self.place) = (scenario, old, new, place)
    }
  }

  static let broken: [Mutant] = [
    .init(.canary, "weight: 20", "weight: 1000001", "HTTPRoute 1.37 spec.rules.0.backendRefs.1.weight"),
    .init(.canary, "weight: 20", "weight: -1", "HTTPRoute 1.37 spec.rules.0.backendRefs.1.weight"),
    .init(.canary, "type: PathPrefix", "type: Prefix", "HTTPRoute 1.37 spec.rules.0.matches.0.path.type"),
    .init(.canary, "value: /\n", "value: churn\n", "HTTPRoute 1.37 spec.rules.0.matches.0.path.value"),
    .init(.canary, "value: /\n", "value: /a//b\n", "HTTPRoute 1.37 spec.rules.0.matches.0.path.value"),
    .init(.canary, "- churn.example", "- Churn.example", "HTTPRoute 1.37 spec.hostnames.0"),
    .init(.canary, "- churn.example", "- \"10.0.0.1\"", "HTTPRoute 1.37 spec.hostnames.0"),
    .init(.canary, "      port: 80\n      weight: 20", "      weight: 20", "HTTPRoute 1.37 spec.rules.0.backendRefs.1"),
    .init(
      .canary, "port: 80\n      weight: 20", "port: 0\n      weight: 20",
      "HTTPRoute 1.37 spec.rules.0.backendRefs.1.port"),
    .init(.zero, "maxReplicaCount: 20", "maxReplicaCount: 0", "ScaledObject 1.37 spec.maxReplicaCount"),
    .init(.zero, "minReplicaCount: 0", "minReplicas: 0", "ScaledObject 1.37 spec"),
    .init(.zero, "threshold: \"8\"", "threshold: 8", "ScaledObject 1.37 spec.triggers.0.metadata.threshold"),
    .init(
      .zero, "      serverAddress: http://prometheus", "      serverAddress: prometheus",
      "ScaledObject 1.37 spec.triggers.0"),
    .init(.zero, "metricType: AverageValue", "metricType: Utilization", "ScaledObject 1.37 spec.triggers.0.metricType"),
    .init(.zero, "metricType: AverageValue", "metricType: Value", "ScaledObject 1.37 spec.triggers.0.metricType"),
    .init(.zero, "type: prometheus", "type: promehteus", "ScaledObject 1.37 spec.triggers.0"),
    .init(.zero, "periodSeconds: 15", "periodSeconds: 1801", "ScaledObject 1.37 spec.advanced"),
    .init(
      .zero, "stabilizationWindowSeconds: 600", "stabilizationWindowSeconds: 3601", "ScaledObject 1.37 spec.advanced"),
    .init(.zero, "    failureThreshold: 4\n", "", "ScaledObject 1.37 spec.fallback"),
    .init(.kedaResources, "value: \"70\"", "value: 70", "ScaledObject 1.37 spec.triggers.0.metadata.value"),
    .init(
      .kedaResources, "metricType: Utilization", "metricType: Value", "ScaledObject 1.37 spec.triggers.0.metricType"),
    .init(.kedaResources, "    metricType: Utilization\n", "", "ScaledObject 1.37 spec.triggers.0"),
    // KEDA before 2.17 refuses it together with CPU.
    .init(
      .kedaResources, "  advanced:\n", "  fallback:\n    failureThreshold: 4\n    replicas: 5\n  advanced:\n",
      "ScaledObject 1.37 spec.triggers.0"),
    .init(.knative, "delay: \"900s\"", "delay: \"3601s\"", "Service 1.37 spec.template.metadata.annotations"),
    .init(.knative, "delay: \"900s\"", "delay: \"15m\"", "Service 1.37 spec.template.metadata.annotations"),
    .init(.knativeCPU, "metric: cpu", "metric: concurrency", "Service 1.37 spec.template.metadata.annotations"),
    .init(
      .knativeCPU, "      volumes:\n", "      priorityClassName: a\n      volumes:\n", "Service 1.37 spec.template.spec"
    ),
    .init(.knative, "timeoutSeconds: 60", "timeoutSeconds: 601", "Service 1.37 spec.template.spec.timeoutSeconds"),
    .init(.knative, "min-scale: \"0\"", "min-scale: 0", "Service 1.37 spec.template.metadata.annotations"),
    .init(.knative, "min-scale: \"0\"", "minScale: \"0\"", "Service 1.37 spec.template.metadata.annotations"),
    .init(.knative, "metric: concurrency", "metric: cpu", "Service 1.37 spec.template.metadata.annotations"),
    .init(.knative, "percentage: \"100\"", "percentage: \"101\"", "Service 1.37 spec.template.metadata.annotations"),
    .init(.knative, "progress-deadline: \"600s\"", "progress-deadline: \"600\"", "Service 1.37 spec.template.metadata"),
    .init(
      .knative, "- containerPort: 8080", "- name: http\n          containerPort: 8080",
      "Service 1.37 spec.template.spec.containers.0"),
    .init(.knative, "port: 8080", "port: http", "Service 1.37 spec.template.spec.containers.0"),
    .init(
      .knative, "automountServiceAccountToken: false\n      enable", "automountServiceAccountToken: true\n      enable",
      "Service 1.37 spec.template.spec.automountServiceAccountToken"),
    .init(
      .knative, "      timeoutSeconds: 60", "      terminationGracePeriodSeconds: 60", "Service 1.37 spec.template.spec"
    ),
    .init(.knativeCanary, "percent: 95", "percent: 101", "Service 1.37 spec.traffic.1.percent"),
    .init(.knativeCanary, "percent: 95", "latestRevision: true", "Service 1.37 spec.traffic.1.latestRevision"),
    .init(.kserve, "    minReplicas: 2\n", "", "InferenceService 1.37 spec.predictor"),
    .init(.kserve, "minReplicas: 2", "minReplicas: 0", "InferenceService 1.37 spec.predictor.minReplicas"),
    .init(.kserve, "scaleMetric: cpu", "scaleMetric: rps", "InferenceService 1.37 spec.predictor.scaleMetric"),
    .init(
      .kserve, "deploymentMode: Standard", "deploymentMode: RawDeploy", "InferenceService 1.37 metadata.annotations"),
    .init(.kserve, "name: kserve-container", "name: model", "InferenceService 1.37 spec.predictor.containers.0"),
    .init(.kserveVolume, "oci+native://", "oci+volume://", "InferenceService 1.37 spec.predictor.model.storageUri"),
    .init(
      .kserveVolume, "protocolVersion: v2", "protocolVersion: v3",
      "InferenceService 1.37 spec.predictor.model.protocolVersion"),
    .init(
      .kserveVolume, "      modelFormat:\n        name: xgboost\n", "", "InferenceService 1.37 spec.predictor.model"),
    .init(
      .kserveRequests, "    automount", "    terminationGracePeriodSeconds: 45\n    automount",
      "InferenceService 1.37 spec.predictor"),
    .init(.kserveRequests, "scaleMetric: rps", "scaleMetric: cpu", "InferenceService 1.37 spec.predictor.scaleMetric"),
    .init(
      .monitored, "updateMode: \"Off\"", "updateMode: Off", "VerticalPodAutoscaler 1.37 spec.updatePolicy.updateMode"),
    .init(.monitored, "  targetRef:", "  scaleTargetRef:", "VerticalPodAutoscaler 1.37 spec"),
    .init(.monitored, "interval: \"15s\"", "interval: 15", "ServiceMonitor 1.37 spec.endpoints.0.interval"),
    .init(.monitored, "interval: \"15s\"", "interval: \"15 s\"", "ServiceMonitor 1.37 spec.endpoints.0.interval"),
    .init(
      .monitored, "  - port: http\n    path", "  - targetPort: http\n    path", "ServiceMonitor 1.37 spec.endpoints.0"),
    .init(.monitored, "for: \"5m\"", "for: \"5m30\"", "PrometheusRule 1.37 spec.groups.0.rules.0"),
    .init(
      .monitored, "- alert: OpzModelAbsent", "- alert: Opz Model Absent", "PrometheusRule 1.37 spec.groups.0.rules.0"),
    .init(.monitored, "- alert: OpzModelAbsent", "- record: opz:absent", "PrometheusRule 1.37 spec.groups.0.rules.0"),
  ]

  @Test("values that a custom resource's documentation rules out are refused")
  func documented() async throws {
    let streams = try CustomResourceTests.broken.map { try CustomResourceTests.text($0) }
    let result = try await Scenario.python("validate.py", ["--each", "1.37"], input: streams.joined())
    #expect(result.status == 0, "\(result.errorText)")
    let answers = result.text.split(separator: "\n")
    try #require(answers.count == streams.count)
    for (mutant, answer) in zip(CustomResourceTests.broken, answers) {
      #expect(answer.hasPrefix(mutant.place) && answer.contains(": "), "\(mutant.scenario): \(mutant.new)")
    }
  }

  /// The first object of the kind, with a mistake.
  private static func text(_ mutant: Mutant) throws -> String {
    let kind = try #require(mutant.place.split(separator: " ").first)
    let document = try #require(
      mutant.scenario.manifests.documents.first { document in
        document.text.contains("\nkind: \(kind)\n") && !document.text.hasPrefix("apiVersion: v1\n")
      })
    let place = try #require(document.text.firstRange(of: mutant.old), "\(mutant.old) is not in \(document.text)")
    return "---\n" + document.text[..<place.lowerBound] + mutant.new + document.text[place.upperBound...]
  }
}
