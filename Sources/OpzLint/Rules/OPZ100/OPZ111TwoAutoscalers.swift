/// OPZ111: two autoscalers of one workload.
struct TwoAutoscalers: Rule {
  let about = RuleAbout(
    code: "OPZ111", severity: .error, title: "two autoscalers for one target",
    why: """
      Each autoscaler takes the other's result for the current number and corrects it, so the replicas jump back and
      forth. Two HorizontalPodAutoscalers report `AmbiguousSelector` and do nothing. A KEDA ScaledObject creates its
      own HorizontalPodAutoscaler, so another one on the same target is a second one.
      """,
    remedy: "put all metrics into one autoscaler, which uses the largest proposal",
    wrong: Example.stream(
      Example.deployment(Example.cpuRequest), Example.hpa(), Example.hpa(target: 50, name: "churn-2")),
    right: Example.stream(Example.deployment(Example.cpuRequest), Example.hpa()))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    var first: [String: Autoscaler] = [:]
    for autoscaler in set.autoscalers where !autoscaler.targetName.isEmpty {
      let key = "\(autoscaler.targetKind) \(autoscaler.object.namespace)/\(autoscaler.targetName)"
      guard let other = first[key] else {
        first[key] = autoscaler
        continue
      }
      guard other.object.title != autoscaler.object.title else { continue }
      found.add(
        autoscaler.object, autoscaler.target,
        message:
          "\(key) already has an autoscaler, \(other.object.title) (\(other.object.file):\(other.object.place.line))")
    }
  }
}
