/// The autoscaler (autoscaling/v2), its behaviour written out: the defaults differ between an absent and an empty `behavior`.
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
      .init("metrics", .list([metric])),
      .init("behavior", .map(.init("scaleUp", up), .init("scaleDown", down))))
  }

  private var metric: YAMLValue {
    let target = YAMLValue.map(
      .init("type", .text("Utilization")), .init("averageUtilization", .integer(plan.cpuTarget)))
    return .map(
      .init("type", .text("Resource")),
      .init("resource", .map(.init("name", .text("cpu")), .init("target", target))))
  }

  /// At once, and by no more than doubling or four pods in 15 s.
  private var up: YAMLValue {
    .map(
      .init("stabilizationWindowSeconds", .integer(0)), .init("selectPolicy", .text("Max")),
      .init("policies", .list([policy("Percent", 100, 15), policy("Pods", 4, 15)])))
  }

  /// Only below what the last five minutes wanted, and by half in a minute: a lull in traffic is not its end.
  private var down: YAMLValue {
    .map(
      .init("stabilizationWindowSeconds", .integer(300)), .init("selectPolicy", .text("Max")),
      .init("policies", .list([policy("Percent", 50, 60)])))
  }

  private func policy(_ type: String, _ value: Int, _ seconds: Int) -> YAMLValue {
    .map(.init("type", .text(type)), .init("value", .integer(value)), .init("periodSeconds", .integer(seconds)))
  }
}
