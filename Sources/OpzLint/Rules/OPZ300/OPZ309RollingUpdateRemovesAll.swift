/// OPZ309: a rollout that ends all pods at once, or cannot proceed.
struct RollingUpdateRemovesAll: Rule {
  let about = RuleAbout(
    code: "OPZ309", severity: .error, title: "a rollout that removes all pods at once, or none",
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
      let minimum = set.replicas(of: workload).minimum
      let down = IntOrPercent(rolling["maxUnavailable"])?.count(of: minimum, up: false)
      let up = IntOrPercent(rolling["maxSurge"])?.count(of: minimum, up: true)
      if down == 0, up == 0, rolling["maxUnavailable"]?.int == 0 || rolling["maxUnavailable"]?.text == "0%" {
        found.add(
          workload.object, rolling, message: "maxUnavailable 0 and maxSurge 0: no pod may be removed and none added")
      } else if let down, minimum >= 1, down >= minimum {
        found.add(
          workload.object, rolling["maxUnavailable"],
          message:
            "\(down) of \(minimum) replicas may be unavailable: \(minimum) - \(min(down, minimum)) = 0 are left during a rollout",
          severity: minimum == 1 ? .warning : .error)
      }
    }
  }
}
