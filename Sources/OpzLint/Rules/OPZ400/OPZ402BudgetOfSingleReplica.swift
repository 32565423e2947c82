/// OPZ402: a PodDisruptionBudget for a single replica, which it cannot protect.
struct BudgetOfSingleReplica: Rule {
  let about = RuleAbout(
    code: "OPZ402", severity: .note, title: "one replica with a PodDisruptionBudget",
    why: """
      With one replica, a budget can only block a drain (minAvailable: 1) or allow the outage (maxUnavailable: 1).
      Only a second replica keeps the service up while a node is drained.
      """,
    remedy: "run at least 2 replicas, or remove the budget",
    wrong: Example.stream(
      Example.deployment(spec: "replicas: 1"),
      "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: churn}\nspec: {maxUnavailable: 1, selector: {matchLabels: {app: churn}}}"
    ),
    right: Example.stream(
      Example.deployment(spec: "replicas: 2"),
      "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: churn}\nspec: {maxUnavailable: 1, selector: {matchLabels: {app: churn}}}"
    ))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for budget in set.all("policy", "PodDisruptionBudget") {
      let spec = budget.root["spec"]
      guard let node = spec?["maxUnavailable"], (IntOrPercent(node)?.count(of: 1, up: true) ?? 0) >= 1 else { continue }
      for workload in set.workloads(selected: spec?["selector"], in: budget.namespace) ?? [] where workload.serves {
        guard set.replicas(of: workload).minimum == 1 else { continue }
        found.add(
          budget, node, message: "\(workload.object.title) may have 1 replica: 1 - 1 = 0 are left during a drain")
      }
    }
  }
}
