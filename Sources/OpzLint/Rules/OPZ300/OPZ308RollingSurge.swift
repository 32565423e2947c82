/// OPZ308: a rollout with a large surge, whose loading pods the autoscaler takes for load.
struct RollingSurge: Rule {
  let about = RuleAbout(
    code: "OPZ308", severity: .warning, title: "a large surge with a CPU autoscaler",
    why: """
      During a rollout there are replicas * (1 + maxSurge) pods, and the new ones use a lot of CPU while they load.
      The autoscaler includes them and may multiply the pods (kubernetes #72775: 383 pods became 664). From a surge of
      50% on, the cluster must have room for that.
      """,
    remedy: "set maxSurge to 25% or less, and a startup probe, so that loading pods are not ready",
    wrong: Example.stream(
      Example.deployment(Example.cpuRequest, spec: "strategy: {rollingUpdate: {maxSurge: 100%}}"), Example.hpa(max: 40)),
    right: Example.stream(
      Example.deployment(Example.cpuRequest, spec: "strategy: {rollingUpdate: {maxSurge: 25%}}"), Example.hpa(max: 40)))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for autoscaler in set.autoscalers where autoscaler.metrics.contains(where: { $0.resource == "cpu" }) {
      guard let workload = set.workload(of: autoscaler), let maximum = autoscaler.max,
        (4...1_000_000).contains(maximum),
        let surge = workload.object.root["spec", "strategy", "rollingUpdate", "maxSurge"],
        let extra = IntOrPercent(surge)?.count(of: maximum, up: true), extra * 2 >= maximum
      else { continue }
      found.add(
        workload.object, surge,
        message:
          "at \(maximum) replicas a rollout has \(maximum) + \(extra) = \(maximum + extra) pods, \(extra) of which are loading"
      )
    }
  }
}
