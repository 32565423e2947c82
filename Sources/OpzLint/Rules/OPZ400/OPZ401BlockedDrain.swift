/// OPZ401: a PodDisruptionBudget that blocks every drain.
struct BlockedDrain: Rule {
  let about = RuleAbout(
    code: "OPZ401", severity: .error, title: "a PodDisruptionBudget that blocks drains",
    why: """
      A drain may evict replicas - minAvailable pods, or maxUnavailable pods; percentages are rounded up. If that is
      0, `kubectl drain` waits forever, and so do node upgrades and the cluster autoscaler. The rule uses the smallest
      number of replicas: the autoscaler's minimum.
      """,
    remedy: "use maxUnavailable: 1 and at least 2 replicas",
    wrong: Example.stream(
      Example.deployment(spec: "replicas: 2"),
      "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: churn}\nspec: {minAvailable: 2, selector: {matchLabels: {app: churn}}}"
    ),
    right: Example.stream(
      Example.deployment(spec: "replicas: 2"),
      "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: churn}\nspec: {maxUnavailable: 1, selector: {matchLabels: {app: churn}}}"
    ))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for budget in set.all("policy", "PodDisruptionBudget") {
      let spec = budget.root["spec"]
      if let node = spec?["maxUnavailable"], let share = IntOrPercent(node), share.count(of: 1_000_000, up: true) == 0 {
        found.add(budget, node, message: "maxUnavailable: \(share.text): no pod may ever be evicted")
        continue
      }
      guard let node = spec?["minAvailable"], let share = IntOrPercent(node) else { continue }
      if share.text == "100%" {
        found.add(budget, node, message: "minAvailable: 100%: no pod may ever be evicted")
        continue
      }
      for workload in set.workloads(selected: spec?["selector"], in: budget.namespace) ?? [] where workload.serves {
        let minimum = set.replicas(of: workload).minimum
        let needed = share.count(of: minimum, up: true)
        guard minimum > 0, needed >= minimum else { continue }
        let rounded = share.text.hasSuffix("%") ? "ceil(\(share.text) of \(minimum)) = \(needed)" : "\(needed)"
        found.add(
          budget, node,
          message:
            "minAvailable \(rounded) of the \(minimum) \(minimum == 1 ? "replica" : "replicas") of \(workload.object.title): \(minimum) - \(needed) < 1 may be evicted"
        )
      }
    }
  }
}
