/// OPZ209: an idle replica count that is not below the minimum.
struct KEDAIdle: Rule {
  let about = RuleAbout(
    code: "OPZ209", severity: .error, title: "idleReplicaCount not below minReplicaCount",
    why:
      "KEDA rejects a ScaledObject whose idleReplicaCount is not below minReplicaCount; the only value that works is 0.",
    remedy: "set idleReplicaCount: 0 and minReplicaCount: 1 or more, or omit idleReplicaCount",
    wrong: Example.scaledObject("{idleReplicaCount: 2, minReplicaCount: 2}".flattened, trigger: Example.prometheus),
    right: Example.scaledObject("{idleReplicaCount: 0, minReplicaCount: 2}".flattened, trigger: Example.prometheus))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for autoscaler in set.autoscalers where autoscaler.isKEDA {
      guard let idle = autoscaler.object.root["spec", "idleReplicaCount"], let count = idle.int else { continue }
      if count >= autoscaler.min {
        found.add(
          autoscaler.object, idle,
          message:
            "idleReplicaCount \(count) with at least \(autoscaler.min) replicas: \(count) is not below \(autoscaler.min)"
        )
      } else if count != 0 {
        found.add(autoscaler.object, idle, message: "idleReplicaCount: \(count) is not 0")
      }
    }
  }
}

extension String {
  /// `{a: 1, b: 2}` as the lines of a mapping that is indented by two spaces.
  fileprivate var flattened: String { dropFirst().dropLast().split(separator: ", ").joined(separator: "\n  ") }
}
