import OpzKubernetes

/// OPZ103: a memory target below what an idle pod uses, which drives the autoscaler to its maximum.
struct MemoryTargetBelowBaseline: Rule {
  let about = RuleAbout(
    code: "OPZ103", severity: .error, title: "a memory target below what an idle pod uses",
    why: """
      A pod that has loaded its model uses memory even without requests: its baseline. Adding pods does not lower it.
      If

          baseline / request * 100 / target > 1.1

      the autoscaler adds pods up to maxReplicas without any load. From a ratio of 0.9 on, it never removes one. The
      annotation `opz.dev/baseline-memory` on the workload gives the baseline (`kubectl top pod` of an idle pod);
      without it, opz only notes that it cannot tell.
      """,
    remedy:
      "scale on CPU or requests in flight and use memory for limits only, or write opz.dev/baseline-memory and a target above 1.2 times it",
    wrong: Example.stream(
      Example.deployment("resources: {requests: {memory: 1Gi}}").replacing(
        "labels: {app: churn}}\n    spec",
        with: "labels: {app: churn}, annotations: {opz.dev/baseline-memory: 900Mi}}\n    spec"),
      Example.hpa("memory")),
    right: Example.stream(
      Example.deployment("resources: {requests: {memory: 1Gi}}").replacing(
        "labels: {app: churn}}\n    spec",
        with: "labels: {app: churn}, annotations: {opz.dev/baseline-memory: 300Mi}}\n    spec"),
      Example.hpa("memory")))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for autoscaler in set.autoscalers {
      for metric in autoscaler.metrics where metric.resource == "memory" {
        let workload = set.workload(of: autoscaler)
        let said =
          workload?.annotation("opz.dev/baseline-memory") ?? autoscaler.object.annotations["opz.dev/baseline-memory"]
        guard let said, let baseline = try? Quantity(said, key: "") else {
          found.add(
            autoscaler.object, metric.place,
            message:
              "memory does not fall with the load: if an idle pod uses more than 1.1 times the target, the replicas rise to maxReplicas and stay there",
            hint: "write opz.dev/baseline-memory on the workload, so that opz lint can tell", severity: .note)
          continue
        }
        guard let (ratio, text) = ratio(baseline.units, metric, workload: workload) else { continue }
        check(ratio, text, said: said, autoscaler: autoscaler, metric: metric, found: &found)
      }
    }
  }

  private func check(
    _ ratio: Double, _ text: String, said: String, autoscaler: Autoscaler, metric: ScalingMetric,
    found: inout Findings
  ) {
    let tolerance = autoscaler.tolerance
    if ratio > 1 + tolerance.up {
      found.add(
        autoscaler.object, metric.place,
        message:
          "an idle pod uses \(said): \(text) is above \(Decimal.text(1 + tolerance.up)), so it scales up to \(autoscaler.max.map(String.init) ?? "maxReplicas") pods without any load"
      )
    } else if ratio >= 1 - tolerance.down {
      found.add(
        autoscaler.object, metric.place,
        message:
          "an idle pod uses \(said): \(text) is not below \(Decimal.text(1 - tolerance.down)), so it never scales down",
        severity: .warning)
    }
  }

  private func ratio(_ baseline: Int64, _ metric: ScalingMetric, workload: Workload?) -> (Double, String)? {
    switch metric.target {
    case .utilization(let target):
      guard target > 0, let workload, let request = UsageCap.request(workload, metric) else { return nil }
      let percent = UsageCap.percent(baseline, of: request)
      let ratio = Double(percent) / Double(target)
      return (
        ratio,
        "\(percent)% of the \(Decimal.bytes(request)) requested, and \(percent) / \(target) = \(Decimal.text(ratio))"
      )
    case .average(let target):
      guard target.units > 0 else { return nil }
      let ratio = Double(baseline) / Double(target.units)
      return (ratio, "\(Decimal.bytes(baseline)) / \(target.text) = \(Decimal.text(ratio))")
    case nil: return nil
    }
  }
}
