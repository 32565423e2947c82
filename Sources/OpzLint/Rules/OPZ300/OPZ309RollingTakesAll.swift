/// OPZ309: a rollout that ends all pods at once, or cannot proceed.
struct RollingTakesAll: Rule {
  let about = RuleAbout(
    code: "OPZ309", severity: .error, title: "a rollout that ends every pod at once, or none",
    why: """
      maxUnavailable is rounded down and maxSurge up. If maxUnavailable allows all replicas, a rollout stops all of
      them before a new one is ready. If both are 0, the API server refuses the Deployment.
      """,
    remedy: "use maxUnavailable: 0 and maxSurge: 1",
    wrong: Example.deployment(spec: "replicas: 2\nstrategy: {rollingUpdate: {maxUnavailable: 100%, maxSurge: 0}}"),
    right: Example.deployment(spec: "replicas: 2\nstrategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads where workload.object.kind == "Deployment" {
      guard let rolling = workload.object.root["spec", "strategy", "rollingUpdate"] else { continue }
      let least = set.replicas(of: workload).least
      let down = Share(rolling["maxUnavailable"])?.count(of: least, up: false)
      let up = Share(rolling["maxSurge"])?.count(of: least, up: true)
      if down == 0, up == 0, rolling["maxUnavailable"]?.int == 0 || rolling["maxUnavailable"]?.text == "0%" {
        found.add(workload.object, rolling, "maxUnavailable 0 and maxSurge 0: nothing may be ended and nothing begun")
      } else if let down, least >= 1, down >= least {
        found.add(
          workload.object, rolling["maxUnavailable"],
          "\(down) of \(least) replicas may be unavailable: \(least) - \(min(down, least)) = 0 answer during a rollout",
          severity: least == 1 ? .warning : .error)
      }
    }
  }
}
