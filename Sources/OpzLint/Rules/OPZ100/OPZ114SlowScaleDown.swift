/// OPZ114: scaling down that is disabled or very slow.
struct SlowScaleDown: Rule {
  let about = RuleAbout(
    code: "OPZ114", severity: .warning, title: "scaling down is disabled or very slow",
    why: """
      `selectPolicy: Disabled` keeps the replicas of the highest peak forever. A stabilization window keeps the
      largest proposal of that many seconds; with more than half an hour, a daily peak costs hours of unused pods. The
      API server refuses more than 3600.
      """,
    remedy: "use a window of 300 (the default) to 1800 seconds, and a policy that removes a few pods per minute",
    wrong: Example.stream(
      Example.deployment(Example.cpuRequest), Example.hpa(spec: "behavior: {scaleDown: {selectPolicy: Disabled}}")),
    right: Example.stream(
      Example.deployment(Example.cpuRequest),
      Example.hpa(spec: "behavior: {scaleDown: {stabilizationWindowSeconds: 600}}")))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for autoscaler in set.autoscalers {
      guard let down = autoscaler.behavior?["scaleDown"] else { continue }
      if let policy = down["selectPolicy"], policy.text == "Disabled" {
        found.add(
          autoscaler.object, policy,
          message:
            "scaling down is disabled: replicas only ever rise, to \(autoscaler.max.map(String.init) ?? "the maximum")")
      }
      guard let window = down["stabilizationWindowSeconds"], let seconds = window.int else { continue }
      if seconds > 3600 {
        found.add(
          autoscaler.object, window, message: "\(seconds) s is more than the API server's maximum of 3600",
          severity: .error)
      } else if seconds > 1800 {
        found.add(
          autoscaler.object, window,
          message:
            "the largest proposal of the last \(seconds / 60) minutes applies: a peak of one minute is paid for \(seconds / 60) times"
        )
      }
    }
  }
}
