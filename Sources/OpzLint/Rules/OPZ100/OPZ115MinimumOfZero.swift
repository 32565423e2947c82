/// OPZ115: a HorizontalPodAutoscaler that cannot start again from zero.
struct MinimumOfZero: Rule {
  let about = RuleAbout(
    code: "OPZ115", severity: .error, title: "a HorizontalPodAutoscaler with a minimum of 0",
    why: """
      Without pods there is no CPU or memory usage to measure, so nothing would start the first pod again. The API
      server accepts `minReplicas: 0` only with the feature gate HPAScaleToZero, and only with an Object or External
      metric.
      """,
    remedy: "set minReplicas: 1, or scale to zero with KEDA or Knative",
    wrong: Example.stream(Example.deployment(Example.cpuRequest), Example.hpa(min: 0)),
    right: Example.stream(Example.deployment(Example.cpuRequest), Example.hpa(min: 1)))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for autoscaler in set.autoscalers where !autoscaler.isKEDA && autoscaler.min <= 0 {
      guard !autoscaler.metrics.contains(where: { $0.type == "External" || $0.type == "Object" }) else { continue }
      found.add(
        autoscaler.object, autoscaler.minimum, message: "at 0 pods there is no usage: 0 / target = 0 proposes 0 again")
    }
  }
}
