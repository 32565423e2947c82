/// OPZ306: a progress deadline that ends before the pods have started.
struct ProgressDeadline: Rule {
  let about = RuleAbout(
    code: "OPZ306", severity: .error, title: "a progress deadline shorter than a start",
    why: """
      If the new pods of a Deployment are not ready within progressDeadlineSeconds (600), it reports
      `ProgressDeadlineExceeded`; pipelines that wait for the rollout fail, and Argo CD and Helm call it degraded. The
      deadline must be above the startup probe's budget and the load time, and the API server requires it to be above
      minReadySeconds.
      """,
    remedy: "set progressDeadlineSeconds above startup budget + minReadySeconds",
    wrong: Example.deployment(
      "startupProbe: {httpGet: {path: /ready, port: 8080}, failureThreshold: 60}", spec: "progressDeadlineSeconds: 120"),
    right: Example.deployment("startupProbe: {httpGet: {path: /ready, port: 8080}, failureThreshold: 60}"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads where workload.object.kind == "Deployment" {
      let written = workload.object.root["spec", "progressDeadlineSeconds"]
      let deadline = written?.int ?? 600
      let ready = workload.object.root["spec", "minReadySeconds"]?.int ?? 0
      if ready >= deadline {
        found.add(
          workload.object, written, message: "minReadySeconds \(ready) is not below progressDeadlineSeconds \(deadline)"
        )
      }
      let load = LoadTime.seconds(workload, set.options) ?? 0
      if load >= Double(deadline) {
        found.add(
          workload.object, written,
          message: "loading takes \(Decimal.text(load)) s, but the rollout fails after \(deadline) s")
        continue
      }
      for container in workload.main {
        guard let probe = Probe(container.node["startupProbe"]), probe.budget > deadline else { continue }
        found.add(
          workload.object, written ?? probe.node,
          message: "\(container.name) may take \(probe.text) to start, but the rollout fails after \(deadline) s")
      }
    }
  }
}
