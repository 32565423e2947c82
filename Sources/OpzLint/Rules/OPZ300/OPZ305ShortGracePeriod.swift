import OpzYAML

/// OPZ305: a grace period that ends before the pod has drained.
struct ShortGracePeriod: Rule {
  let about = RuleAbout(
    code: "OPZ305", severity: .error, title: "a grace period shorter than the drain",
    why: """
      terminationGracePeriodSeconds (30 by default) starts with the preStop hook. When it is over, SIGKILL ends the
      server, even if it is still in its hook or still responding to requests. So it must be greater than preStop +
      drain, where the drain is `OPZ_DRAIN_SECONDS` or the annotation `opz.dev/drain-seconds`.
      """,
    remedy: "set terminationGracePeriodSeconds to the hook plus the drain plus the longest request",
    wrong: Example.deployment(
      "lifecycle: {preStop: {exec: {command: [sleep, \"60\"]}}}", pod: "terminationGracePeriodSeconds: 30"),
    right: Example.deployment(
      "lifecycle: {preStop: {exec: {command: [sleep, \"15\"]}}}", pod: "terminationGracePeriodSeconds: 45"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads {
      let written = workload.pod["terminationGracePeriodSeconds"]
      let grace = written?.int ?? 30
      for container in workload.running {
        let hook = ShortGracePeriod.hookSeconds(container.node["lifecycle", "preStop"])
        let said =
          container.environment["OPZ_DRAIN_SECONDS"]?.int
          ?? workload.annotation("opz.dev/drain-seconds").flatMap { Int($0) }
        let drain = min(max(0, said ?? 0), 1_000_000)
        guard hook + drain > 0, hook + drain >= grace else { continue }
        found.add(
          workload.object, written ?? container.node["lifecycle"] ?? container.node,
          message:
            "\(container.name) is killed after \(grace) s, which is not above preStop \(hook) s + drain \(drain) s = \(hook + drain) s"
        )
      }
    }
  }

  /// Seconds from `sleep.seconds`, or from `sleep N` in a command; 0 where there are none.
  private static func hookSeconds(_ hook: YAMLNode?) -> Int {
    if let seconds = hook?["sleep", "seconds"]?.int { return min(max(0, seconds), 1_000_000) }
    let words = (hook?["exec", "command"]?.list ?? []).compactMap(\.text).flatMap {
      $0.split { $0.isWhitespace || $0 == ";" || $0 == "&" }
    }
    guard let sleep = words.firstIndex(where: { $0 == "sleep" || $0.hasSuffix("/sleep") }), sleep + 1 < words.count,
      let seconds = Int(words[sleep + 1].filter { $0 != "s" })
    else { return 0 }
    return min(max(0, seconds), 1_000_000)
  }
}
