/// OPZ105: a utilization target for a resource that is not requested.
struct UtilizationWithoutRequests: Rule {
  let about = RuleAbout(
    code: "OPZ105", severity: .error, title: "an autoscaler on a resource that is not requested",
    why: """
      Utilization is usage / request. If one container of the pod has no request (sidecars count), the controller
      cannot compute it, reports `FailedGetResourceMetric`, and does nothing.
      """,
    remedy: "give every container a request, or use a ContainerResource metric for a container that has one",
    wrong: Example.stream(Example.deployment(), Example.hpa()),
    right: Example.stream(Example.deployment(Example.cpuRequest), Example.hpa()))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for autoscaler in set.autoscalers {
      guard let workload = set.workload(of: autoscaler) else { continue }
      for metric in autoscaler.metrics {
        guard let resource = metric.resource, case .utilization? = metric.target else { continue }
        let without = UsageCap.counted(workload, metric).filter { ($0.request(resource)?.milli ?? 0) == 0 }
        guard !without.isEmpty else { continue }
        let names = without.map { $0.name.isEmpty ? "?" : $0.name }.joined(separator: ", ")
        found.add(
          autoscaler.object, metric.place,
          message:
            "\(workload.object.title) has no \(resource) request for \(names): usage / request has no value, so it never scales"
        )
      }
    }
  }
}
