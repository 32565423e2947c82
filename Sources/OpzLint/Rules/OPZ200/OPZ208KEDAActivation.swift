/// OPZ208: scaling to zero with a short cooldown or without an activation threshold.
struct KEDAActivation: Rule {
  let about = RuleAbout(
    code: "OPZ208", severity: .warning, title: "scaling to zero that flaps",
    why: """
      KEDA scales to 0 when no trigger has been active for cooldownPeriod (300 s), and back when a value is above
      activationThreshold (0: any noise). Each time, the first request waits for poll (30 s) + schedule + load. With a
      cooldown below the load time, pods that have just become ready are stopped; without an activation threshold, one
      health check an hour keeps a pod running or starts one.
      """,
    remedy: "set cooldownPeriod to several times the load time, and activationThreshold above the noise",
    wrong: Example.scaledObject("cooldownPeriod: 10", trigger: Example.prometheus),
    right: Example.scaledObject(
      "cooldownPeriod: 600", trigger: Example.prometheus.replacing("\"50\"", with: "\"50\", activationThreshold: \"1\"")
    ))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for autoscaler in set.autoscalers where autoscaler.isKEDA && autoscaler.min == 0 {
      let cooldown = autoscaler.object.root["spec", "cooldownPeriod"]
      let load = LoadTime.seconds(set.workload(of: autoscaler), set.options) ?? 30
      if let cooldown, let seconds = cooldown.int, Double(seconds) < load {
        found.add(
          autoscaler.object, cooldown,
          message:
            "pods stop \(seconds) s after the last request and need \(Decimal.text(load)) s to start again: \(seconds) < \(Decimal.text(load))"
        )
      }
      for metric in autoscaler.metrics where metric.type == "prometheus" {
        guard let data = metric.node["metadata"], data["activationThreshold"] == nil else { continue }
        found.add(
          autoscaler.object, data,
          message: "no activationThreshold: any value above 0 starts the pods and keeps them running",
          severity: .note)
      }
    }
  }
}
