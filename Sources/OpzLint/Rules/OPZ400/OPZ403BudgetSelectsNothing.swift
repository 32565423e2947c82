/// OPZ403: a PodDisruptionBudget that selects no pods.
struct BudgetSelectsNothing: Rule {
  let about = RuleAbout(
    code: "OPZ403", severity: .warning, title: "a PodDisruptionBudget that selects nothing",
    why: """
      A budget whose selector matches no pod protects nothing, and nothing reports it. This is checked only if the
      manifests contain workloads in the namespace, and no custom resource that could create pods.
      """,
    remedy: "use the labels of the pod template",
    wrong: Example.stream(
      Example.deployment(),
      "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: churn}\nspec: {maxUnavailable: 1, selector: {matchLabels: {app: chrun}}}"
    ),
    right: Example.stream(
      Example.deployment(),
      "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: churn}\nspec: {maxUnavailable: 1, selector: {matchLabels: {app: churn}}}"
    ))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for budget in set.all("policy", "PodDisruptionBudget") {
      let selector = budget.root["spec", "selector"]
      guard let labels = selector?["matchLabels"], !labels.members.isEmpty,
        set.knowsAllPods(budget.namespace),
        set.workloads(selected: selector, in: budget.namespace)?.isEmpty == true
      else { continue }
      found.add(
        budget, labels,
        message: "no workload of \(budget.namespace.prefix(63)) here has pods with \(Labels.text(labels))")
    }
  }
}
