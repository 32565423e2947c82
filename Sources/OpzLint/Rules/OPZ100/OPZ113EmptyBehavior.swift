/// OPZ113: an empty `behavior`, which differs from an absent one.
struct EmptyBehavior: Rule {
  let about = RuleAbout(
    code: "OPZ113", severity: .note, title: "an empty behavior",
    why: """
      `behavior: {}` turns on the newer algorithm with its defaults: scaling up by the larger of 4 pods and 100% in 15
      seconds, so from 1 replica to 5. Without the key, the limit is max(4, 2 * replicas), so from 1 to 4. KServe
      always writes it (kserve #6246).
      """,
    remedy: "omit behavior, or write the limits that you want",
    wrong: Example.stream(Example.deployment(Example.cpuRequest), Example.hpa(spec: "behavior: {}")),
    right: Example.stream(
      Example.deployment(Example.cpuRequest),
      Example.hpa(spec: "behavior: {scaleDown: {stabilizationWindowSeconds: 120}}")))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for autoscaler in set.autoscalers {
      guard let behavior = autoscaler.behavior, behavior.isMap, behavior.members.isEmpty else { continue }
      found.add(
        autoscaler.object, behavior,
        message:
          "an empty behavior allows 1 + max(4, 1) = 5 pods at once from 1 replica; without one it is max(4, 2) = 4")
    }
  }
}
