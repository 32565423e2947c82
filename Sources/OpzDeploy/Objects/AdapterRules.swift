import OpzYAML

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
