import OpzYAML

extension DeployTarget {
  /// A Deployment and a HorizontalPodAutoscaler.
  public static let kubernetes = deployment(
    "kubernetes",
    autoscaler: DeploymentAutoscaler(
      kind: "HorizontalPodAutoscaler", minimumKey: "minReplicas", maximumKey: "maxReplicas", metricsPrefix: "",
      object: { HorizontalPodAutoscaler(plan: $0, names: $1) }),
    evaluatesQueries: false,
    checkZeroReplicas: { _ in
      throw DeployError.badMinimum(
        "a HorizontalPodAutoscaler cannot scale up from 0",
        hint: "set min: 1 or more, or use --target keda or knative"
      )
    },
    checkSignals: { _ in },
    addExtras: { $0.addAdapterRules() })
}

extension ObjectList {
  /// Adds the rules by which prometheus-adapter exposes the metrics that a HorizontalPodAutoscaler asks for.
  fileprivate mutating func addAdapterRules() {
    guard plan.isAutoscaled, plan.scalesOnRequests else { return }
    extras.append(Manifests.File("prometheus-adapter-values.yaml", YAMLWriter.write(AdapterRules().yaml)))
    remarks.append("the autoscaler needs prometheus-adapter with the rules of prometheus-adapter-values.yaml")
  }
}

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

/// Values for the prometheus-adapter Helm chart that expose opz-server's metrics by pod, for autoscalers.
struct AdapterRules: YAMLEncodable {
  static let inFlight = "opz_requests_in_flight"
  static let perSecond = "opz_requests_per_second"

  var yaml: YAMLValue {
    let about = """
      Not an object: values for the chart prometheus-adapter, which answers custom.metrics.k8s.io.
      helm upgrade --install prometheus-adapter prometheus-community/prometheus-adapter --values FILE
      """
    return .map(.init("rules", .map(.init("custom", .list([gauge, rate]))), comment: about))
  }

  private var gauge: YAMLValue {
    rule(
      series: AdapterRules.inFlight, name: AdapterRules.inFlight,
      "sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)")
  }

  private var rate: YAMLValue {
    rule(
      series: "opz_inference_duration_seconds_count", name: AdapterRules.perSecond,
      "sum(rate(<<.Series>>{<<.LabelMatchers>>}[1m])) by (<<.GroupBy>>)")
  }

  private func rule(series: String, name: String, _ query: String) -> YAMLValue {
    func resource(_ name: String) -> YAMLValue { .map(.init("resource", .text(name))) }
    return .map(
      .init("seriesQuery", .text(series + "{namespace!=\"\",pod!=\"\"}")),
      .init(
        "resources",
        .map(.init("overrides", .map(.init("namespace", resource("namespace")), .init("pod", resource("pod")))))),
      .init("name", .map(.init("as", .text(name)))),
      .init("metricsQuery", .text(query)))
  }
}
