/// OPZ107: a maximum number of replicas below the minimum.
struct MaximumBelowMinimum: Rule {
  let about = RuleAbout(
    code: "OPZ107", severity: .error, title: "maximum below minimum",
    why: "The API server refuses an autoscaler whose maximum is below its minimum, and one whose maximum is below 1.",
    remedy: "set the maximum to at least the minimum",
    wrong: Example.stream(Example.deployment(Example.cpuRequest), Example.hpa(min: 5, max: 3)),
    right: Example.stream(Example.deployment(Example.cpuRequest), Example.hpa(min: 3, max: 5)))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for autoscaler in set.autoscalers {
      guard let most = autoscaler.max else { continue }
      if most < autoscaler.min {
        found.add(
          autoscaler.object, autoscaler.maximum,
          "at most \(most) and at least \(autoscaler.min) replicas: \(most) < \(autoscaler.min)")
      } else if most < 1 {
        found.add(autoscaler.object, autoscaler.maximum, "at most \(most) replicas: at least 1 is needed")
      }
    }
  }
}
