/// The maximum use of a pod's containers, which their limits set, compared with their requests.
struct UsageCap: Sendable {
  let limit: Int64
  /// Nil where a container has no request, so that there is no utilization.
  let request: Int64?

  /// Nil where a container has no limit, so that there is no maximum.
  init?(_ workload: Workload, _ metric: ScalingMetric) {
    guard let resource = metric.resource else { return nil }
    let counted = UsageCap.counted(workload, metric)
    let limits = counted.map { $0.limit(resource).map { UsageCap.value($0, resource) } }
    guard !counted.isEmpty, limits.allSatisfy({ ($0 ?? 0) > 0 }) else { return nil }
    limit = UsageCap.sum(limits.compactMap(\.self))
    request = UsageCap.request(workload, metric)
  }

  static func counted(_ workload: Workload, _ metric: ScalingMetric) -> [LintContainer] {
    workload.running.filter { metric.container == nil || $0.name == metric.container }
  }

  /// The sum of the requests of the containers that count.
  static func request(_ workload: Workload, _ metric: ScalingMetric) -> Int64? {
    guard let resource = metric.resource else { return nil }
    let requests = counted(workload, metric).map { $0.request(resource).map { value($0, resource) } }
    guard !requests.isEmpty, requests.allSatisfy({ ($0 ?? 0) > 0 }) else { return nil }
    return sum(requests.compactMap(\.self))
  }

  static func value(_ amount: Amount, _ resource: String) -> Int64 { resource == "cpu" ? amount.milli : amount.units }

  static func sum(_ values: [Int64]) -> Int64 {
    values.reduce(0) { $0.addingReportingOverflow($1).overflow ? .max : $0 + $1 }
  }

  /// The use in whole percent of the requests, truncated like in the controller.
  static func percent(_ used: Int64, of request: Int64) -> Int {
    Int(clamping: Int128(used) * 100 / Int128(max(1, request)))
  }
}
