/// OPZ601: a container without a memory request or limit.
struct NoMemoryBounds: Rule {
  let about = RuleAbout(
    code: "OPZ601", severity: .warning, title: "no memory request or limit",
    why: """
      Without a request the scheduler puts the pod anywhere and the kernel kills it first when a node is full; without a limit one leak ends its
      neighbours. Memory cannot be taken back as CPU can, so request = limit is the usual choice.
      """,
    remedy: "write resources.requests.memory and resources.limits.memory, best the same",
    wrong: Example.deployment(Example.cpuRequest),
    right: Example.deployment("resources: {requests: {cpu: 500m, memory: 1Gi}, limits: {memory: 1Gi}}"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads where workload.pod["resources"] == nil {
      for container in workload.running {
        let (request, limit) = (container.request("memory"), container.limit("memory"))
        guard request == nil || limit == nil else { continue }
        let missing = request == nil ? "neither a request nor a limit" : "no limit"
        found.add(
          workload.object, container.node["resources"] ?? container.node, "\(container.name) has \(missing) for memory")
      }
    }
  }
}
