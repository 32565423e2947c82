/// OPZ301: a startup probe that kills the container before its model is loaded.
struct StartupBudget: Rule {
  let about = RuleAbout(
    code: "OPZ301", severity: .error, title: "a startup probe shorter than the load time",
    why: """
      The kubelet kills a container whose startup probe has not succeeded after

          initialDelaySeconds + failureThreshold * periodSeconds

      and starts it again; if the model needs longer to load, this repeats forever. The kubelet's probe ticks are not
      aligned with the container's start, so the kill may come up to one period earlier: only failureThreshold - 1
      periods are certain. The load time comes from `--load-seconds`, or from the annotation `opz.dev/load-seconds` on
      the workload.
      """,
    remedy: "raise failureThreshold, so that the budget is at least twice the load time",
    wrong: Example.deployment(
      "startupProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 5, failureThreshold: 6}"
    ).replacing(
      "metadata: {name: churn}", with: "metadata: {name: churn, annotations: {opz.dev/load-seconds: \"90\"}}"),
    right: Example.deployment(
      "startupProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 5, failureThreshold: 36}"
    ).replacing(
      "metadata: {name: churn}", with: "metadata: {name: churn, annotations: {opz.dev/load-seconds: \"90\"}}"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads {
      guard let load = LoadTime.seconds(workload, set.options) else { continue }
      for container in workload.main {
        guard let probe = Probe(container.node["startupProbe"]) else { continue }
        if Double(probe.budget) < load {
          found.add(
            workload.object, probe.node,
            message: "it gives up after \(probe.text), but loading takes \(Decimal.text(load)) s")
        } else if Double(probe.budget) < load * 1.5 {
          found.add(
            workload.object, probe.node,
            message:
              "it gives up after \(probe.text); loading takes \(Decimal.text(load)) s, so on a node that is 1.5 times slower it never starts",
            severity: .warning)
        } else if Double(probe.certain) < load {
          found.add(
            workload.object, probe.node,
            message: "it may give up after \(probe.certainText), and loading takes \(Decimal.text(load)) s",
            severity: .warning)
        }
      }
    }
  }
}
