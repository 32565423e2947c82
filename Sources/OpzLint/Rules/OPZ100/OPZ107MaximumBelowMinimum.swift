/// OPZ107: a maximum number of replicas below the minimum.
struct MaximumBelowMinimum: Rule {
  let about = RuleAbout(
    code: "OPZ107", severity: .error, title: "maximum below minimum",
    why: "The API server rejects an autoscaler whose maximum is below its minimum, and one whose maximum is below 1.",
    remedy: "set the maximum to at least the minimum",
    wrong: Example.stream(Example.deployment(Example.cpuRequest), Example.hpa(min: 5, max: 3)),
    right: Example.stream(Example.deployment(Example.cpuRequest), Example.hpa(min: 3, max: 5)))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for autoscaler in set.autoscalers {
      guard let maximum = autoscaler.max else { continue }
      if maximum < autoscaler.min {
        found.add(
          autoscaler.object, autoscaler.maximum,
          message: "at most \(maximum) and at least \(autoscaler.min) replicas: \(maximum) < \(autoscaler.min)")
      } else if maximum < 1 {
        found.add(autoscaler.object, autoscaler.maximum, message: "at most \(maximum) replicas: at least 1 is needed")
      }
    }
  }
}
