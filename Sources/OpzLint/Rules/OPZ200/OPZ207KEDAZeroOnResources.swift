/// OPZ207: scaling to zero on CPU or memory, which are not measured without pods.
struct KEDAZeroOnResources: Rule {
  let about = RuleAbout(
    code: "OPZ207", severity: .error, title: "KEDA scales to zero on CPU or memory alone",
    why: """
      A ScaledObject with minReplicaCount 0 (the default) needs a trigger that can be measured without pods. If all
      triggers are cpu or memory, KEDA refuses it: at 0 pods usage is 0, and nothing would start the first one.
      """,
    remedy: "set minReplicaCount: 1, or add a trigger that is measured elsewhere (prometheus, a queue)",
    wrong: Example.scaledObject(
      "maxReplicaCount: 5", trigger: "{type: cpu, metricType: Utilization, metadata: {value: \"70\"}}"),
    right: Example.scaledObject(
      "minReplicaCount: 1", trigger: "{type: cpu, metricType: Utilization, metadata: {value: \"70\"}}"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for autoscaler in set.autoscalers where autoscaler.isKEDA && autoscaler.min == 0 {
      guard !autoscaler.metrics.isEmpty, autoscaler.metrics.allSatisfy({ $0.resource != nil }) else { continue }
      found.add(
        autoscaler.object, autoscaler.minimum ?? autoscaler.object.root["spec", "triggers"],
        message:
          "minReplicaCount is \(autoscaler.minimum == nil ? "not set, so 0" : "0"), and every trigger is \(Set(autoscaler.metrics.map(\.type)).sorted().joined(separator: " or ")): 0 pods have no usage"
      )
    }
  }
}
