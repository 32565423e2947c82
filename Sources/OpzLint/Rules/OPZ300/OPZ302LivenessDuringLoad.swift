/// OPZ302: a liveness probe that kills the container while it loads the model.
struct LivenessDuringLoad: Rule {
  let about = RuleAbout(
    code: "OPZ302", severity: .error, title: "a liveness probe that kills the container while it loads",
    why: """
      Without a startup probe, the liveness probe begins at the container's start. After initialDelaySeconds +
      failureThreshold * periodSeconds without a response, the kubelet kills the container in the middle of loading
      (kserve PR #4840, triton #6469). The probe ticks are not aligned with the container's start, so the kill may
      come up to one period earlier; if only that is too early, the finding is a warning.
      """,
    remedy: "add a startup probe; the liveness probe waits until it has succeeded",
    wrong: Example.deployment("livenessProbe: {httpGet: {path: /live, port: 8080}}").replacing(
      "metadata: {name: churn}", with: "metadata: {name: churn, annotations: {opz.dev/load-seconds: \"90\"}}"),
    right: Example.deployment(
      """
      livenessProbe: {httpGet: {path: /live, port: 8080}}
      startupProbe: {httpGet: {path: /ready, port: 8080}, failureThreshold: 18}
      """
    ).replacing("metadata: {name: churn}", with: "metadata: {name: churn, annotations: {opz.dev/load-seconds: \"90\"}}")
  )

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads {
      guard let load = LoadTime.seconds(workload, set.options) else { continue }
      for container in workload.main where container.node["startupProbe"] == nil {
        guard let probe = Probe(container.node["livenessProbe"]), Double(probe.certain) < load else { continue }
        let isSure = Double(probe.budget) < load
        found.add(
          workload.object, probe.node,
          message:
            "it \(isSure ? "kills" : "may kill") \(container.name) after \(isSure ? probe.text : probe.certainText), but loading takes \(Decimal.text(load)) s",
          severity: isSure ? nil : .warning)
      }
    }
  }
}
