import OpzKubernetes

/// OPZ116: scaling up that is disabled or far too slow.
struct NoScaleUp: Rule {
  let about = RuleAbout(
    code: "OPZ116", severity: .error, title: "scaling up is disabled or far too slow",
    why: """
      `selectPolicy: Disabled` for scaleUp never adds a pod. A policy of v pods or percent in p seconds lets the
      replicas grow by that much immediately, and again whenever p seconds have passed at one of the controller's
      syncs (every 15 s); a stabilization window delays the first step. If it takes more than an hour from the minimum
      to the maximum, the peak is over before the pods are there.
      """,
    remedy: "omit scaleUp: its default is the larger of 4 pods and 100% in 15 seconds",
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
          autoscaler.object, policy,
          message: "scaling up is disabled: replicas never rise above \(max(1, autoscaler.min))")
        continue
      }
      guard let maximum = autoscaler.max, let rules = autoscaler.upward else { continue }
      let start = max(1, autoscaler.min)
      let path = ScaleUpPath(
        ReplicaLimits(minReplicas: start, maxReplicas: min(maximum, Int(Int32.max)), up: rules), from: start,
        horizon: 14_400)
      guard path.seconds > 3600 || !path.reachesMaximum else { continue }
      let time =
        path.reachesMaximum ? "takes \(Decimal.text(Double(path.seconds) / 60)) minutes" : "takes more than four hours"
      found.add(
        autoscaler.object, up["policies"] ?? up, message: "from \(start) to \(maximum) pods \(time): \(path.text)",
        severity: .warning)
    }
  }
}
