/// The arithmetic of CPU and memory targets that usage cannot exceed.
struct DeadTarget: Sendable {
  let resource: String

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for autoscaler in set.autoscalers {
      guard let workload = set.workload(of: autoscaler) else { continue }
      for metric in autoscaler.metrics where metric.resource == resource {
        guard let proof = DeadTarget.proof(metric, workload, autoscaler: autoscaler) else { continue }
        let alone = autoscaler.metrics.count == 1
        found.add(
          autoscaler.object, metric.place, message: "\(proof), so \(alone ? "it" : "this metric") never scales up",
          severity: alone ? nil : .warning)
      }
    }
  }

  /// Returns the proof that usage cannot exceed the target; nil where it can, or where that is not certain.
  static func proof(_ metric: ScalingMetric, _ workload: Workload, autoscaler: Autoscaler) -> String? {
    guard let resource = metric.resource, let cap = UsageCap(workload, metric) else { return nil }
    let up = autoscaler.tolerance.up
    let bound = Decimal.text(1 + up)
    switch metric.target {
    case .utilization(let target):
      guard let request = cap.request, target > 0 else { return nil }
      let percent = UsageCap.percent(cap.limit, of: request)
      let ratio = Double(percent) / Double(target)
      guard ratio <= 1 + up else { return nil }
      let (limit, asked) = (Decimal.amount(cap.limit, of: resource), Decimal.amount(request, of: resource))
      return """
        usage is at most \(percent)% of the request (limit \(limit), request \(asked)); \
        \(percent) / \(target) = \(Decimal.text(ratio)) is not above \(bound)
        """
    case .average(let target):
      let aim = UsageCap.value(target, resource)
      guard aim > 0 else { return nil }
      let ratio = Double(cap.limit) / Double(aim)
      guard ratio <= 1 + up else { return nil }
      let limit = Decimal.amount(cap.limit, of: resource)
      return
        "a pod uses at most its limit, \(limit); \(limit) / \(target.text) = \(Decimal.text(ratio)) is not above \(bound)"
    case nil: return nil
    }
  }
}
