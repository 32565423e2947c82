/// OPZ206: a metric that the autoscaler class does not support.
struct KnativeClass: Rule {
  let about = RuleAbout(
    code: "OPZ206", severity: .error, title: "a metric that Knative's autoscaler class does not support",
    why: """
      The default class, `kpa.autoscaling.knative.dev`, supports concurrency and rps; `hpa.autoscaling.knative.dev`
      supports cpu, memory and custom metrics and does not scale to zero. A revision with another combination is
      refused, or never scales.
      """,
    remedy: "add the annotation autoscaling.knative.dev/class: hpa.autoscaling.knative.dev, or use concurrency or rps",
    wrong: KnativeBounds.knative("{autoscaling.knative.dev/metric: cpu, autoscaling.knative.dev/target: \"70\"}"),
    right: KnativeBounds.knative("{autoscaling.knative.dev/metric: rps, autoscaling.knative.dev/target: \"70\"}"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads where workload.isKnative {
      let scaling = KnativeScaling(workload)
      let kind = scaling["class"]?.text ?? "kpa.autoscaling.knative.dev"
      if let metric = scaling["metric"], let name = metric.text {
        let isRequests = name == "concurrency" || name == "rps"
        if kind.hasPrefix("kpa."), !isRequests {
          found.add(
            workload.object, metric, message: "the class kpa supports concurrency and rps, not \(name.prefix(60))")
        } else if kind.hasPrefix("hpa."), isRequests {
          found.add(
            workload.object, metric,
            message: "the class hpa supports cpu, memory and custom metrics, not \(name.prefix(60))")
        }
      }
      if kind.hasPrefix("hpa."), let minimum = scaling.minimum, minimum.int == 0 {
        found.add(
          workload.object, minimum, message: "the class hpa does not scale to zero: a min-scale of 0 means 1",
          severity: .warning
        )
      }
    }
  }
}
