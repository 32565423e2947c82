/// OPZ109: a maximum number of replicas that cannot serve the peak load.
struct MaximumBelowNeed: Rule {
  let about = RuleAbout(
    code: "OPZ109", severity: .error, title: "maximum below the peak load",
    why: """
      If the peak is R requests per second and one pod serves P, ceil(R / P) pods are needed. R and P come from
      `--need R --per-pod P`, or from the annotations `opz.dev/need-rps` and `opz.dev/pod-rps` on the workload or its
      autoscaler.
      """,
    remedy: "raise the maximum to the number of pods that are needed",
    wrong: Example.stream(
      Example.deployment(Example.cpuRequest),
      Example.hpa(max: 4).replacing(
        "{name: churn}\nspec:\n  scale",
        with: "{name: churn, annotations: {opz.dev/need-rps: \"900\", opz.dev/pod-rps: \"120\"}}\nspec:\n  scale")),
    right: Example.stream(
      Example.deployment(Example.cpuRequest),
      Example.hpa(max: 8).replacing(
        "{name: churn}\nspec:\n  scale",
        with: "{name: churn, annotations: {opz.dev/need-rps: \"900\", opz.dev/pod-rps: \"120\"}}\nspec:\n  scale")))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for autoscaler in set.autoscalers {
      let workload = set.workload(of: autoscaler)
      func said(_ key: String) -> Double? {
        (autoscaler.object.annotations[key] ?? workload?.annotation(key)).flatMap(Double.init)
      }
      guard let need = said("opz.dev/need-rps") ?? set.options.need, need.isFinite,
        let one = said("opz.dev/pod-rps") ?? set.options.perPod, one > 0, let maximum = autoscaler.max
      else { continue }
      // Compensates for rounding errors: 1.1 / 0.1 is slightly more than 11.
      let pods = (need / one * (1 - 1e-9)).rounded(.up)
      guard pods > Double(maximum) else { continue }
      found.add(
        autoscaler.object, autoscaler.maximum,
        message:
          "ceil(\(Decimal.text(need)) / \(Decimal.text(one))) = \(Decimal.text(pods)) pods are needed, but there are at most \(maximum): \(Decimal.text(Double(maximum) * one)) requests per second"
      )
    }
  }
}
