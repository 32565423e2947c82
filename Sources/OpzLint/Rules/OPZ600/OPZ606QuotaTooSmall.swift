/// OPZ606: a quota that is exhausted before the autoscaler reaches its maximum.
struct QuotaTooSmall: Rule {
  let about = RuleAbout(
    code: "OPZ606", severity: .error, title: "a quota below the requests of the maximum replicas",
    why: """
      A ResourceQuota refuses pods that exceed it: the Deployment stays below the replicas that the autoscaler wants,
      just when they are needed. The rule adds up, for each workload in the namespace, the largest number of replicas
      * the requests of one pod. It does not count the additional pod during a rollout.
      """,
    remedy: "raise the quota, or lower maxReplicas to what fits",
    wrong: Example.stream(
      Example.deployment(Example.cpuRequest), Example.hpa(max: 10),
      "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: team}\nspec: {hard: {requests.cpu: \"4\"}}"),
    right: Example.stream(
      Example.deployment(Example.cpuRequest), Example.hpa(max: 10),
      "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: team}\nspec: {hard: {requests.cpu: \"6\"}}"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for quota in set.all("", "ResourceQuota") where quota.root["spec", "scopes"] == nil {
      for member in quota.root["spec", "hard"]?.members ?? [] {
        guard let hard = Amount(member.value) else { continue }
        let workloads = set.workloads(in: quota.namespace).filter { $0.serves && $0.object.kind != "DaemonSet" }
        let parts = workloads.compactMap { part(member.key, $0, set: set) }
        let total = UsageCap.sum(parts.map(\.value))
        let isCPU = member.key.hasSuffix("cpu")
        guard !parts.isEmpty, total > (isCPU ? hard.milli : hard.units) else { continue }
        let sum = parts.prefix(3).map(\.text).joined(separator: " + ") + (parts.count > 3 ? " + .." : "")
        let all = Decimal.amount(total, of: isCPU ? "cpu" : member.key.hasSuffix("memory") ? "memory" : "pods")
        found.add(
          quota, member.value, message: "\(sum) = \(all) of \(member.key.prefix(80)), and the quota is \(hard.text)")
      }
    }
  }

  /// What one workload uses of a quota at its maximum number of replicas.
  private func part(_ key: String, _ workload: Workload, set: ObjectSet) -> (value: Int64, text: String)? {
    let maximum = Int64(clamping: max(0, set.replicas(of: workload).maximum))
    if key == "pods" || key == "count/pods" { return (maximum, "\(maximum)") }
    let limits = key.hasPrefix("limits.")
    let resource = limits ? String(key.dropFirst(7)) : key.hasPrefix("requests.") ? String(key.dropFirst(9)) : key
    guard resource == "cpu" || resource == "memory" || GPU.isGPU(resource) else { return nil }
    let each = workload.running.compactMap { limits ? $0.limit(resource) : $0.request(resource) }
    let pod = UsageCap.sum(each.map { UsageCap.value($0, resource) })
    guard pod > 0 else { return nil }
    let (product, overflow) = maximum.multipliedReportingOverflow(by: pod)
    return (overflow ? .max : product, "\(maximum) * \(Decimal.amount(pod, of: resource))")
  }
}
