/// OPZ801: a workload whose selector does not match its own pods.
struct SelectorMismatch: Rule {
  let about = RuleAbout(
    code: "OPZ801", severity: .error, title: "a selector that does not match the template",
    why: "The API server rejects a workload whose selector does not select the pods of its own template.",
    remedy: "add every label of the selector to the labels of the template",
    wrong: Example.deployment().replacing("matchLabels: {app: churn}", with: "matchLabels: {app: churn, tier: web}"),
    right: Example.deployment())

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads where workload.serves {
      let selector = workload.object.root["spec", "selector"]
      guard let labels = workload.object.kind == "ReplicationController" ? selector : selector?["matchLabels"] else {
        continue
      }
      for member in labels.members where member.value.text != workload.podLabels[member.key] {
        let has = workload.podLabels[member.key].map { "has \($0.prefix(63))" } ?? "has no such label"
        found.add(
          workload.object, member.value,
          message:
            "the selector requires \(member.key.prefix(63))=\(member.value.text?.prefix(63) ?? ""), and the template \(has)"
        )
      }
    }
  }
}
