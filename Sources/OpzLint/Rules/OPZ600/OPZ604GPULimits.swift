/// OPZ604: invalid requests for GPUs.
struct GPULimits: Rule {
  let about = RuleAbout(
    code: "OPZ604", severity: .error, title: "a GPU without a limit, or a fraction of one",
    why: """
      Devices cannot be shared or overcommitted: a limit is required, a request must equal it, and both must be whole
      numbers. The API server refuses anything else.
      """,
    remedy: "write the GPUs under limits only, as a whole number",
    wrong: Example.deployment("resources: {requests: {nvidia.com/gpu: 1}}"),
    right: Example.deployment("resources: {limits: {nvidia.com/gpu: 1}}"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads {
      for container in workload.containers {
        for resource in GPU.resources(of: container) {
          let (request, limit) = (Amount(container.node["resources", "requests", resource]), container.limit(resource))
          guard let limit else {
            if let request {
              found.add(
                workload.object, request.node,
                message: "\(container.name) requests \(request.text) of \(resource) and has no limit")
            }
            continue
          }
          if limit.milli % 1000 != 0 {
            found.add(
              workload.object, limit.node,
              message: "\(container.name): \(limit.text) of \(resource) is not a whole number")
          } else if let request, request.milli != limit.milli {
            found.add(
              workload.object, request.node,
              message:
                "\(container.name): \(request.text) of \(resource) requested, with a limit of \(limit.text): they must be equal"
            )
          }
        }
      }
    }
  }
}
