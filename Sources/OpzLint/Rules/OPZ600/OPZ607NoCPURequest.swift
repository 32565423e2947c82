/// OPZ607: a container without a CPU request.
struct NoCPURequest: Rule {
  let about = RuleAbout(
    code: "OPZ607", severity: .warning, title: "no CPU request",
    why: """
      A request is a container's share of a busy node: without one it gets next to nothing (2 of 1024 shares), the
      scheduler counts it as 0, and no autoscaler can work with it.
      """,
    remedy: "write resources.requests.cpu from a measurement",
    wrong: Example.deployment("resources: {requests: {memory: 1Gi}, limits: {memory: 1Gi}}"),
    right: Example.deployment("resources: {requests: {cpu: 500m, memory: 1Gi}, limits: {memory: 1Gi}}"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads where workload.pod["resources"] == nil {
      for container in workload.running where (container.request("cpu")?.milli ?? 0) == 0 {
        found.add(
          workload.object, container.node["resources"] ?? container.node,
          message: "\(container.name) has no CPU request")
      }
    }
  }
}
