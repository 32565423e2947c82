/// OPZ110: an autoscaler whose target does not exist.
struct NoScaleTarget: Rule {
  let about = RuleAbout(
    code: "OPZ110", severity: .warning, title: "an autoscaler whose target does not exist",
    why: """
      `scaleTargetRef` names an object in the same namespace. The API server accepts a wrong name or kind; the
      autoscaler then reports `FailedGetScale` and does nothing. This is checked only if the manifests contain
      workloads of that kind in the namespace.
      """,
    remedy: "write the name in the workload's metadata; it must be in the same namespace",
    wrong: Example.stream(
      Example.deployment().replacing("metadata: {name: churn}", with: "metadata: {name: churn-server}"), Example.hpa()),
    right: Example.stream(Example.deployment(Example.cpuRequest), Example.hpa()))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for autoscaler in set.autoscalers where set.workload(of: autoscaler) == nil {
      let others = set.workloads(in: autoscaler.object.namespace).filter { $0.object.kind == autoscaler.targetKind }
      guard let other = others.first else { continue }
      found.add(
        autoscaler.object, autoscaler.target?["name"] ?? autoscaler.target,
        message:
          "no \(autoscaler.targetKind) \(autoscaler.object.namespace)/\(autoscaler.targetName.prefix(80)) here; there is \(other.object.title)"
      )
    }
  }
}
