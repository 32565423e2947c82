/// OPZ602: a request above its limit.
struct RequestAboveLimit: Rule {
  let about = RuleAbout(
    code: "OPZ602", severity: .error, title: "a request above its limit",
    why: "The API server refuses a container whose request is above its limit.",
    remedy: "raise the limit to the request",
    wrong: Example.deployment("resources: {requests: {memory: 2Gi}, limits: {memory: 2000Mi}}"),
    right: Example.deployment("resources: {requests: {memory: 2Gi}, limits: {memory: 2048Mi}}"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads {
      for container in workload.containers {
        for member in container.node["resources", "requests"]?.members ?? [] {
          guard let request = Amount(member.value), let limit = container.limit(member.key) else { continue }
          let isMore = member.key == "cpu" ? request.milli > limit.milli : request.units > limit.units
          guard isMore else { continue }
          found.add(
            workload.object, member.value,
            message:
              "\(container.name) requests \(request.text) of \(member.key.prefix(80)), and its limit is \(limit.text): \(member.key == "cpu" ? "\(request.milli)m > \(limit.milli)m" : "\(request.units) > \(limit.units)")"
          )
        }
      }
    }
  }
}
