/// OPZ102: fewer server workers than cores, so that usage cannot exceed the target.
struct TooFewWorkers: Rule {
  let about = RuleAbout(
    code: "OPZ102", severity: .error, title: "too few workers for the cores",
    why: """
      A Python process runs Python code on one core at a time. With w workers of t threads (`OMP_NUM_THREADS`) and a
      request of k cores, usage is at most w * t / k of the request, so the target is never reached if

          100 * w * t / k / target <= 1.1

      One worker on 2 cores uses at most 50%: every target of 46% or more is never reached. opz recognizes the workers
      of uvicorn, gunicorn, hypercorn and fastapi, from `--workers` and `WEB_CONCURRENCY`; for other servers, set the
      annotation `opz.dev/workers`. Without `OMP_NUM_THREADS`, numeric libraries may use more cores, so the finding is
      then only a warning.
      """,
    remedy: "run as many workers as the request has cores (WEB_CONCURRENCY), or request fewer cores",
    wrong: Example.stream(
      Example.deployment(
        """
        command: [uvicorn, "app:app"]
        env: [{name: OMP_NUM_THREADS, value: "1"}]
        resources: {requests: {cpu: "2"}}
        """), Example.hpa()),
    right: Example.stream(
      Example.deployment(
        """
        command: [uvicorn, "app:app", --workers, "2"]
        env: [{name: OMP_NUM_THREADS, value: "1"}]
        resources: {requests: {cpu: "2"}}
        """), Example.hpa()))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for autoscaler in set.autoscalers {
      guard let workload = set.workload(of: autoscaler) else { continue }
      for metric in autoscaler.metrics where metric.resource == "cpu" {
        guard DeadTarget.proof(metric, workload, autoscaler: autoscaler) == nil else { continue }
        check(metric, workload, autoscaler: autoscaler, found: &found)
      }
    }
  }

  private func check(
    _ metric: ScalingMetric, _ workload: Workload, autoscaler: Autoscaler, found: inout Findings
  ) {
    guard case .utilization(let target)? = metric.target, target > 0,
      let request = UsageCap.request(workload, metric)
    else { return }
    var (maximum, certain, servers) = (Int64(0), true, [String]())
    for container in UsageCap.counted(workload, metric) {
      if let server = ServerWorkers(container, annotation: workload.annotation("opz.dev/workers")) {
        maximum = UsageCap.sum([maximum, min(server.milli, container.limit("cpu")?.milli ?? .max)])
        certain = certain && server.isCertain
        servers.append("\(server.text) in \(container.name)")
      } else if let limit = container.limit("cpu"), limit.milli > 0 {
        maximum = UsageCap.sum([maximum, limit.milli])
      } else {
        return
      }
    }
    let percent = UsageCap.percent(maximum, of: request)
    let ratio = Double(percent) / Double(target)
    guard !servers.isEmpty, ratio <= 1 + autoscaler.tolerance.up else { return }
    found.add(
      autoscaler.object, metric.place,
      message: """
        \(servers.joined(separator: ", ")): at most \(Decimal.cores(maximum)) of the \(Decimal.cores(request)) cores requested, \(percent)%; \
        \(percent) / \(target) = \(Decimal.text(ratio)) is not above \(Decimal.text(1 + autoscaler.tolerance.up)), so it never scales up
        """, severity: certain ? nil : .warning)
  }
}
