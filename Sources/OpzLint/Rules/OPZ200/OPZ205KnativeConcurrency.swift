/// OPZ205: a concurrency target above the hard limit.
struct KnativeConcurrency: Rule {
  let about = RuleAbout(
    code: "OPZ205", severity: .warning, title: "a concurrency target above containerConcurrency",
    why: """
      `containerConcurrency` is a hard limit: further requests wait in the queue-proxy. If the soft target of
      `autoscaling.knative.dev/target` is higher, the smaller number applies, so the target has no effect. The
      autoscaler aims at 70% of it (`target-utilization-percentage`).
      """,
    remedy: "set the target to at most containerConcurrency, or omit one of them",
    wrong: KnativeBounds.knative("{autoscaling.knative.dev/target: \"100\"}", spec: "containerConcurrency: 4"),
    right: KnativeBounds.knative("{autoscaling.knative.dev/target: \"3\"}", spec: "containerConcurrency: 4"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads where workload.isKnative {
      let scaling = KnativeScaling(workload)
      guard let hard = workload.pod["containerConcurrency"], let limit = hard.int else { continue }
      if !(0...1000).contains(limit) {
        found.add(workload.object, hard, message: "containerConcurrency: \(limit) is not in 0...1000", severity: .error)
      }
      let metric = scaling["metric"]?.text ?? "concurrency"
      guard metric == "concurrency", limit > 0, let soft = scaling["target"], let text = soft.text,
        let target = Double(text),
        target > Double(limit)
      else { continue }
      found.add(
        workload.object, soft,
        message:
          "target \(Decimal.text(target)) > containerConcurrency \(limit): the autoscaler aims at \(limit) * 0.7 = \(Decimal.text(Double(limit) * 0.7))"
      )
    }
  }
}
