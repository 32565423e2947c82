/// OPZ108: an autoscaler whose maximum equals its minimum.
struct NoRoomToScale: Rule {
  let about = RuleAbout(
    code: "OPZ108", severity: .warning, title: "maximum equal to minimum",
    why: """
      An autoscaler with only one possible number of pods never scales. `maxReplicas: 1` with the default minimum of 1
      has the same effect.
      """,
    remedy: "raise the maximum, or write replicas and remove the autoscaler",
    wrong: Example.stream(Example.deployment(Example.cpuRequest), Example.hpa(min: 3, max: 3)),
    right: Example.stream(Example.deployment(Example.cpuRequest), Example.hpa(min: 3, max: 6)))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for autoscaler in set.autoscalers {
      guard let maximum = autoscaler.max, maximum >= 1, maximum == autoscaler.min else { continue }
      found.add(
        autoscaler.object, autoscaler.maximum,
        message: "at least \(maximum) and at most \(maximum) replicas: it never scales")
    }
  }
}
