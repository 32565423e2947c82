import OpzYAML

extension DeployTarget {
  /// A Deployment and a KEDA ScaledObject.
  public static let keda = deployment(
    "keda",
    autoscaler: DeploymentAutoscaler(
      kind: "ScaledObject", minimumKey: "minReplicaCount", maximumKey: "maxReplicaCount", metricsPrefix: "keda-hpa-",
      object: { ScaledObject(plan: $0, names: $1) }),
    evaluatesQueries: true,
    checkZeroReplicas: { plan in
      guard plan.settings.autoscale?.activate == nil else { return }
      throw DeployError.badMinimum(
        "without pods there are no metrics, so nothing would start the first one",
        hint: "write autoscale: {activate: QUERY} with the rate at the gateway, use --target knative, or set min: 1")
    },
    checkSignals: { plan in
      guard plan.scalesOnRequests, plan.settings.monitoring?.server == nil else { return }
      throw DeployError(
        .badTarget, "deploy.monitoring.server", reason: "KEDA needs the address of Prometheus",
        hint: "write monitoring: {server: \"http://prometheus.monitoring:9090\"}")
    },
    addExtras: { _ in })
}

/// KEDA's autoscaler of a Deployment (keda.sh/v1alpha1). KEDA itself scales from 0 to 1, and above that through a
/// HorizontalPodAutoscaler that it creates.
struct ScaledObject: YAMLEncodable {
  let plan: DeploymentPlan
  let names: PlanNames

  var yaml: YAMLValue {
    KubernetesObject(
      apiVersion: "keda.sh/v1alpha1", kind: "ScaledObject", metadata: names.metadata(), body: [.init("spec", spec)]
    ).yaml
  }

  private var scale: DeploySettings.Autoscale { plan.settings.autoscale ?? DeploySettings.Autoscale() }

  private var spec: YAMLValue {
    .map(
      .init("scaleTargetRef", .map(.init("name", .text(names.name)))),
      .init("pollingInterval", .integer(15)),
      .init("cooldownPeriod", .integer(scale.down?.window ?? 300)),
      .init("minReplicaCount", .integer(plan.minReplicas)),
      .init("maxReplicaCount", .integer(plan.maxReplicas)),
      fallback,
      .init(
        "advanced",
        .map(
          .init(
            "horizontalPodAutoscalerConfig",
            .map(.init("behavior", ScalingBehavior(plan).yaml, comment: ScalingBehavior.about(plan)))))),
      .init("triggers", .list(triggers)))
  }

  /// Older versions of KEDA reject the whole object for a fallback next to CPU or memory triggers, whose metrics do
  /// not come from KEDA.
  private var fallback: YAMLValue.Member? {
    guard plan.cpuTarget == nil, scale.memory == nil else { return nil }
    let replicas = max(1, plan.minReplicas, plan.maxReplicas / 2)
    return .init(
      "fallback", .map(.init("failureThreshold", .integer(4)), .init("replicas", .integer(replicas))),
      comment: "While Prometheus does not answer, half of the most pods are better than none.")
  }

  private var triggers: [YAMLValue] {
    [
      scale.concurrency.map { prometheus("sum(\(AdapterRules.inFlight){\(names.podMatcher(plan))})", $0) },
      scale.rps.map { prometheus(scale.activate ?? rate, $0) },
      plan.cpuTarget.map { resource("cpu", $0) },
      scale.memory.map { resource("memory", $0) },
    ].compactMap { $0 }
  }

  private var rate: String { "sum(rate(opz_inference_duration_seconds_count{\(names.podMatcher(plan))}[1m]))" }

  private func prometheus(_ query: String, _ threshold: Int) -> YAMLValue {
    .map(
      .init("type", .text("prometheus")),
      .init("metricType", .text("AverageValue")),
      .init(
        "metadata",
        .map(
          .init("serverAddress", .text(plan.settings.monitoring?.server ?? "")),
          .init("query", .text(query)), .init("threshold", .text(String(threshold))),
          .init("activationThreshold", .text("0")))))
  }

  private func resource(_ type: String, _ percent: Int) -> YAMLValue {
    .map(
      .init("type", .text(type)), .init("metricType", .text("Utilization")),
      .init("metadata", .map(.init("value", .text(String(percent))))))
  }
}
