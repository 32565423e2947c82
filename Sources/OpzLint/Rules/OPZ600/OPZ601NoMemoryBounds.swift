/// OPZ601: a container without a memory request or limit.
struct NoMemoryBounds: Rule {
  let about = RuleAbout(
    code: "OPZ601", severity: .warning, title: "no memory request or limit",
    why: """
      Without a request, the scheduler may put the pod on any node, and the kernel kills it first when the node is
      full; without a limit, one memory leak kills other pods on the node. Memory cannot be reclaimed the way CPU can,
      so request = limit is the usual choice.
      """,
    remedy: "write resources.requests.memory and resources.limits.memory, preferably with the same value",
    wrong: Example.deployment(Example.cpuRequest),
    right: Example.deployment("resources: {requests: {cpu: 500m, memory: 1Gi}, limits: {memory: 1Gi}}"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads where workload.pod["resources"] == nil {
      for container in workload.running {
        let (request, limit) = (container.request("memory"), container.limit("memory"))
        guard request == nil || limit == nil else { continue }
        let missing = request == nil ? "neither a request nor a limit" : "no limit"
        found.add(
          workload.object, container.node["resources"] ?? container.node,
          message: "\(container.name) has \(missing) for memory")
      }
    }
  }
}
