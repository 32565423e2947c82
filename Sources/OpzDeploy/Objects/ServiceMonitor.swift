import OpzYAML

/// Tells the Prometheus Operator what to scrape (monitoring.coreos.com/v1).
struct ServiceMonitor: YAMLEncodable {
  let plan: DeploymentPlan
  let names: PlanNames

  var yaml: YAMLValue {
    var metadata = names.metadata()
    metadata.labels.merge(plan.settings.monitoring?.labels ?? [:]) { own, _ in own }
    let endpoint = YAMLValue.map(
      .init("port", .text("http")), .init("path", .text("/metrics")), .init("interval", .text("15s")),
      .init("scrapeTimeout", .text("5s")))
    return KubernetesObject(
      apiVersion: "monitoring.coreos.com/v1", kind: "ServiceMonitor", metadata: metadata,
      body: [
        .init(
          "spec",
          .map(
            .init("selector", .map(.init("matchLabels", .texts(names.selector)))),
            .init("endpoints", .list([endpoint]))))
      ]
    ).yaml
  }
}
