/// OPZ106: a workload with both `replicas` and an autoscaler.
struct ReplicasWithAutoscaler: Rule {
  let about = RuleAbout(
    code: "OPZ106", severity: .error, title: "replicas with an autoscaler",
    why: """
      Each `kubectl apply` resets `replicas` to the number in the manifest and removes the pods that the autoscaler
      added: with 40 pods under load and `replicas: 2`, a deploy stops 38 of them. The autoscaler needs minutes to
      bring them back.
      """,
    remedy: "omit replicas; the autoscaler's minReplicas is the number to start with",
    wrong: Example.stream(Example.deployment(Example.cpuRequest, spec: "replicas: 2"), Example.hpa()),
    right: Example.stream(Example.deployment(Example.cpuRequest), Example.hpa()))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads {
      guard let replicas = workload.replicas, let autoscaler = set.autoscalers(of: workload).first else { continue }
      let maximum = autoscaler.max.map { "up to \($0)" } ?? "the autoscaler's"
      found.add(
        workload.object, replicas,
        message:
          "replicas: \(replicas.text?.prefix(20) ?? "") although \(autoscaler.object.title) sets the number: each apply resets \(maximum) pods to \(replicas.text?.prefix(20) ?? "")"
      )
    }
  }
}
