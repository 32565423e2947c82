/// OPZ116: scaling up is off, or so slow that it is.
struct NoScaleUp: Rule {
  let about = RuleAbout(
    code: "OPZ116", severity: .error, title: "scaling up is off, or far too slow",
    why: """
      `selectPolicy: Disabled` for scaleUp never adds a pod. A policy of v pods in p seconds needs (max - min) / v * p seconds from the minimum to the
      maximum; above an hour the peak is over before the pods are there.
      """,
    remedy: "leave scaleUp out: its default is the larger of 4 pods and 100% in 15 seconds",
    wrong: Example.stream(
      Example.deployment(Example.cpuRequest), Example.hpa(spec: "behavior: {scaleUp: {selectPolicy: Disabled}}")),
    right: Example.stream(
      Example.deployment(Example.cpuRequest),
      Example.hpa(spec: "behavior: {scaleUp: {policies: [{type: Pods, value: 2, periodSeconds: 60}]}}")))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for autoscaler in set.autoscalers {
      guard let up = autoscaler.behavior?["scaleUp"] else { continue }
      if let policy = up["selectPolicy"], policy.text == "Disabled" {
        found.add(
          autoscaler.object, policy, "scaling up is disabled: replicas never rise above \(max(1, autoscaler.min))")
        continue
      }
      // Percentages grow with the replicas; policies of pods are a straight line.
      let policies = up["policies"]?.list ?? []
      guard !policies.isEmpty, policies.allSatisfy({ $0["type"]?.text == "Pods" }), let most = autoscaler.max else {
        continue
      }
      let speeds = policies.compactMap { policy -> Double? in
        guard let value = policy["value"]?.int, let period = policy["periodSeconds"]?.int, value > 0, period > 0 else {
          return nil
        }
        return Double(value) / Double(period)
      }
      let isMin = up["selectPolicy"]?.text == "Min"
      guard let speed = isMin ? speeds.min() : speeds.max() else { continue }
      let minutes = Double(most &- max(1, autoscaler.min)) / speed / 60
      guard minutes > 60 else { continue }
      found.add(
        autoscaler.object, up["policies"],
        "from \(max(1, autoscaler.min)) to \(most) pods at \(Decimal.text(speed * 60)) a minute takes \(Decimal.text(minutes)) minutes",
        severity: .warning)
    }
  }
}
