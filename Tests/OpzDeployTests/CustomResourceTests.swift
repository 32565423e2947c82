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
    init(_ scenario: Scenario, _ old: String, new: String, place: String) {
      (self.scenario, self.old, self.new, self.place) = (scenario, old, new, place)
    }
  }

  static let broken: [Mutant] = [
    .init(.canary, "weight: 20", new: "weight: 1000001", place: "HTTPRoute 1.37 spec.rules.0.backendRefs.1.weight"),
    .init(.canary, "weight: 20", new: "weight: -1", place: "HTTPRoute 1.37 spec.rules.0.backendRefs.1.weight"),
    .init(.canary, "type: PathPrefix", new: "type: Prefix", place: "HTTPRoute 1.37 spec.rules.0.matches.0.path.type"),
    .init(.canary, "value: /\n", new: "value: churn\n", place: "HTTPRoute 1.37 spec.rules.0.matches.0.path.value"),
    .init(.canary, "value: /\n", new: "value: /a//b\n", place: "HTTPRoute 1.37 spec.rules.0.matches.0.path.value"),
    .init(.canary, "- churn.example", new: "- Churn.example", place: "HTTPRoute 1.37 spec.hostnames.0"),
    .init(.canary, "- churn.example", new: "- \"10.0.0.1\"", place: "HTTPRoute 1.37 spec.hostnames.0"),
    .init(
      .canary, "      port: 80\n      weight: 20", new: "      weight: 20",
      place: "HTTPRoute 1.37 spec.rules.0.backendRefs.1"),
    .init(
      .canary, "port: 80\n      weight: 20", new: "port: 0\n      weight: 20",
      place: "HTTPRoute 1.37 spec.rules.0.backendRefs.1.port"),
    .init(.zero, "maxReplicaCount: 20", new: "maxReplicaCount: 0", place: "ScaledObject 1.37 spec.maxReplicaCount"),
    .init(.zero, "minReplicaCount: 0", new: "minReplicas: 0", place: "ScaledObject 1.37 spec"),
    .init(
      .zero, "threshold: \"8\"", new: "threshold: 8", place: "ScaledObject 1.37 spec.triggers.0.metadata.threshold"),
    .init(
      .zero, "      serverAddress: http://prometheus", new: "      serverAddress: prometheus",
      place: "ScaledObject 1.37 spec.triggers.0"),
    .init(
      .zero, "metricType: AverageValue", new: "metricType: Utilization",
      place: "ScaledObject 1.37 spec.triggers.0.metricType"),
    .init(
      .zero, "metricType: AverageValue", new: "metricType: Value", place: "ScaledObject 1.37 spec.triggers.0.metricType"
    ),
    .init(.zero, "type: prometheus", new: "type: promehteus", place: "ScaledObject 1.37 spec.triggers.0"),
    .init(.zero, "periodSeconds: 15", new: "periodSeconds: 1801", place: "ScaledObject 1.37 spec.advanced"),
    .init(
      .zero, "stabilizationWindowSeconds: 600", new: "stabilizationWindowSeconds: 3601",
      place: "ScaledObject 1.37 spec.advanced"),
    .init(.zero, "    failureThreshold: 4\n", new: "", place: "ScaledObject 1.37 spec.fallback"),
    .init(.kedaResources, "value: \"70\"", new: "value: 70", place: "ScaledObject 1.37 spec.triggers.0.metadata.value"),
    .init(
      .kedaResources, "metricType: Utilization", new: "metricType: Value",
      place: "ScaledObject 1.37 spec.triggers.0.metricType"),
    .init(.kedaResources, "    metricType: Utilization\n", new: "", place: "ScaledObject 1.37 spec.triggers.0"),
    // KEDA before 2.17 refuses it together with CPU.
    .init(
      .kedaResources, "  advanced:\n", new: "  fallback:\n    failureThreshold: 4\n    replicas: 5\n  advanced:\n",
      place: "ScaledObject 1.37 spec.triggers.0"),
    .init(
      .knative, "delay: \"900s\"", new: "delay: \"3601s\"", place: "Service 1.37 spec.template.metadata.annotations"),
    .init(.knative, "delay: \"900s\"", new: "delay: \"15m\"", place: "Service 1.37 spec.template.metadata.annotations"),
    .init(
      .knativeCPU, "metric: cpu", new: "metric: concurrency", place: "Service 1.37 spec.template.metadata.annotations"),
    .init(
      .knativeCPU, "      volumes:\n", new: "      priorityClassName: a\n      volumes:\n",
      place: "Service 1.37 spec.template.spec"
    ),
    .init(
      .knative, "timeoutSeconds: 60", new: "timeoutSeconds: 601",
      place: "Service 1.37 spec.template.spec.timeoutSeconds"),
    .init(.knative, "min-scale: \"0\"", new: "min-scale: 0", place: "Service 1.37 spec.template.metadata.annotations"),
    .init(
      .knative, "min-scale: \"0\"", new: "minScale: \"0\"", place: "Service 1.37 spec.template.metadata.annotations"),
    .init(
      .knative, "metric: concurrency", new: "metric: cpu", place: "Service 1.37 spec.template.metadata.annotations"),
    .init(
      .knative, "percentage: \"100\"", new: "percentage: \"101\"",
      place: "Service 1.37 spec.template.metadata.annotations"),
    .init(
      .knative, "progress-deadline: \"600s\"", new: "progress-deadline: \"600\"",
      place: "Service 1.37 spec.template.metadata"),
    .init(
      .knative, "- containerPort: 8080", new: "- name: http\n          containerPort: 8080",
      place: "Service 1.37 spec.template.spec.containers.0"),
    .init(.knative, "port: 8080", new: "port: http", place: "Service 1.37 spec.template.spec.containers.0"),
    .init(
      .knative, "automountServiceAccountToken: false\n      enable",
      new: "automountServiceAccountToken: true\n      enable",
      place: "Service 1.37 spec.template.spec.automountServiceAccountToken"),
    .init(
      .knative, "      timeoutSeconds: 60", new: "      terminationGracePeriodSeconds: 60",
      place: "Service 1.37 spec.template.spec"
    ),
    .init(.knativeCanary, "percent: 95", new: "percent: 101", place: "Service 1.37 spec.traffic.1.percent"),
    .init(
      .knativeCanary, "percent: 95", new: "latestRevision: true", place: "Service 1.37 spec.traffic.1.latestRevision"),
    .init(.kserve, "    minReplicas: 2\n", new: "", place: "InferenceService 1.37 spec.predictor"),
    .init(.kserve, "minReplicas: 2", new: "minReplicas: 0", place: "InferenceService 1.37 spec.predictor.minReplicas"),
    .init(
      .kserve, "scaleMetric: cpu", new: "scaleMetric: rps", place: "InferenceService 1.37 spec.predictor.scaleMetric"),
    .init(
      .kserve, "deploymentMode: Standard", new: "deploymentMode: RawDeploy",
      place: "InferenceService 1.37 metadata.annotations"),
    .init(
      .kserve, "name: kserve-container", new: "name: model", place: "InferenceService 1.37 spec.predictor.containers.0"),
    .init(
      .kserveVolume, "oci+native://", new: "oci+volume://",
      place: "InferenceService 1.37 spec.predictor.model.storageUri"),
    .init(
      .kserveVolume, "protocolVersion: v2", new: "protocolVersion: v3",
      place: "InferenceService 1.37 spec.predictor.model.protocolVersion"),
    .init(
      .kserveVolume, "      modelFormat:\n        name: xgboost\n", new: "",
      place: "InferenceService 1.37 spec.predictor.model"),
    .init(
      .kserveRequests, "    automount", new: "    terminationGracePeriodSeconds: 45\n    automount",
      place: "InferenceService 1.37 spec.predictor"),
    .init(
      .kserveRequests, "scaleMetric: rps", new: "scaleMetric: cpu",
      place: "InferenceService 1.37 spec.predictor.scaleMetric"),
    .init(
      .monitored, "updateMode: \"Off\"", new: "updateMode: Off",
      place: "VerticalPodAutoscaler 1.37 spec.updatePolicy.updateMode"),
    .init(.monitored, "  targetRef:", new: "  scaleTargetRef:", place: "VerticalPodAutoscaler 1.37 spec"),
    .init(.monitored, "interval: \"15s\"", new: "interval: 15", place: "ServiceMonitor 1.37 spec.endpoints.0.interval"),
    .init(
      .monitored, "interval: \"15s\"", new: "interval: \"15 s\"", place: "ServiceMonitor 1.37 spec.endpoints.0.interval"
    ),
    .init(
      .monitored, "  - port: http\n    path", new: "  - targetPort: http\n    path",
      place: "ServiceMonitor 1.37 spec.endpoints.0"),
    .init(.monitored, "for: \"5m\"", new: "for: \"5m30\"", place: "PrometheusRule 1.37 spec.groups.0.rules.0"),
    .init(
      .monitored, "- alert: OpzModelAbsent", new: "- alert: Opz Model Absent",
      place: "PrometheusRule 1.37 spec.groups.0.rules.0"),
    .init(
      .monitored, "- alert: OpzModelAbsent", new: "- record: opz:absent",
      place: "PrometheusRule 1.37 spec.groups.0.rules.0"),
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
