/// OPZ203: scaling bounds of a revision that contradict each other.
struct KnativeBounds: Rule {
  let about = RuleAbout(
    code: "OPZ203", severity: .error, title: "Knative bounds that contradict each other",
    why: """
      Knative refuses a revision whose max-scale is below its min-scale (max-scale 0 means no limit). A revision whose
      initial-scale is above max-scale starts with pods that are removed immediately. If both are equal, it never
      scales.
      """,
    remedy: "set min-scale below max-scale, and initial-scale between them",
    wrong: knative("{autoscaling.knative.dev/min-scale: \"5\", autoscaling.knative.dev/max-scale: \"3\"}"),
    right: knative("{autoscaling.knative.dev/min-scale: \"1\", autoscaling.knative.dev/max-scale: \"10\"}"))

  static func knative(_ annotations: String, spec: String = "", metadata: String = "{name: churn}") -> String {
    """
    apiVersion: serving.knative.dev/v1
    kind: Service
    metadata: \(metadata)
    spec:
      template:
        metadata: {annotations: \(annotations)}
        spec:
    \(spec.isEmpty ? "" : "      \(spec)\n")      containers: [{image: "r.example/churn:1.0.0"}]
    """
  }

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads where workload.isKnative {
      let scaling = KnativeScaling(workload)
      guard let maximum = scaling.maximum, let number = maximum.int, number > 0 else { continue }
      if let minimum = scaling.minimum?.int, minimum > number {
        found.add(
          workload.object, maximum, message: "at most \(number) and at least \(minimum) pods: \(number) < \(minimum)")
      } else if scaling.minimum?.int == number {
        found.add(
          workload.object, maximum, message: "at least \(number) and at most \(number) pods: it never scales",
          severity: .warning
        )
      }
      if let initial = scaling.initial, let first = initial.int, first > number {
        found.add(
          workload.object, initial,
          message: "it starts with \(first) pods and may have at most \(number): \(first) > \(number)")
      }
    }
  }
}
