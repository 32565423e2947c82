/// OPZ113: an empty `behavior`, which differs from an absent one.
struct EmptyBehavior: Rule {
  let about = RuleAbout(
    code: "OPZ113", severity: .note, title: "an empty behavior",
    why: """
      `behavior: {}` turns on the newer algorithm with its defaults: scaling up by the larger of 4 pods and 100% in 15
      seconds, so from 1 replica to 5. Without the key, the limit is max(4, 2 * replicas), so from 1 to 4. KServe
      always writes it (kserve #6246).
      """,
    remedy: "leave behavior out, or write the limits that are meant",
    wrong: Example.stream(Example.deployment(Example.cpuRequest), Example.hpa(spec: "behavior: {}")),
    right: Example.stream(
      Example.deployment(Example.cpuRequest),
      Example.hpa(spec: "behavior: {scaleDown: {stabilizationWindowSeconds: 120}}")))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for autoscaler in set.autoscalers {
      guard let behavior = autoscaler.behavior, behavior.isMap, behavior.members.isEmpty else { continue }
      found.add(
        autoscaler.object, behavior,
        "an empty behavior: from 1 replica it allows 1 + max(4, 1) = 5 at once, and no behavior max(4, 2) = 4")
    }
  }
}
