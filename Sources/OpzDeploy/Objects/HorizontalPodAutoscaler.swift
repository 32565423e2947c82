import OpzYAML

/// The HorizontalPodAutoscaler (autoscaling/v2) of a Deployment. With several metrics, the one that needs the most
/// pods counts.
struct HorizontalPodAutoscaler: YAMLEncodable {
  let plan: DeploymentPlan
  let names: PlanNames

  var yaml: YAMLValue {
    KubernetesObject(
      apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", metadata: names.metadata(),
      body: [.init("spec", spec)]
    ).yaml
  }

  private var spec: YAMLValue {
    .map(
      .init(
        "scaleTargetRef",
        .map(
          .init("apiVersion", .text("apps/v1")), .init("kind", .text("Deployment")), .init("name", .text(names.name)))),
      .init("minReplicas", .integer(plan.minReplicas)),
      .init("maxReplicas", .integer(plan.maxReplicas)),
      .init("metrics", .list(metrics)),
      .init("behavior", ScalingBehavior(plan).yaml, comment: ScalingBehavior.about(plan)))
  }

  private var metrics: [YAMLValue] {
    let scale = plan.settings.autoscale
    return [
      scale?.concurrency.map { pods(AdapterRules.inFlight, $0) },
      scale?.rps.map { pods(AdapterRules.perSecond, $0) },
      plan.cpuTarget.map { resource("cpu", $0) },
      scale?.memory.map { resource("memory", $0) },
    ].compactMap { $0 }
  }

  private func resource(_ name: String, _ percent: Int) -> YAMLValue {
    let target = YAMLValue.map(.init("type", .text("Utilization")), .init("averageUtilization", .integer(percent)))
    return .map(
      .init("type", .text("Resource")), .init("resource", .map(.init("name", .text(name)), .init("target", target))))
  }

  private func pods(_ metric: String, _ average: Int) -> YAMLValue {
    let target = YAMLValue.map(.init("type", .text("AverageValue")), .init("averageValue", .text(String(average))))
    return .map(
      .init("type", .text("Pods")),
      .init("pods", .map(.init("metric", .map(.init("name", .text(metric)))), .init("target", target))))
  }
}
