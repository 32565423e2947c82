/// OPZ307: a probe whose timeout is longer than its period.
struct ProbeTimeout: Rule {
  let about = RuleAbout(
    code: "OPZ307", severity: .warning, title: "a probe that waits longer than its period",
    why: """
      The kubelet starts a probe only after the previous one has ended: if timeoutSeconds is above periodSeconds, a
      hanging server is probed every timeoutSeconds, and the time to a restart is failureThreshold * timeoutSeconds,
      whatever the period is.
      """,
    remedy: "set timeoutSeconds to at most periodSeconds",
    wrong: Example.deployment(
      "readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 5, timeoutSeconds: 30}"),
    right: Example.deployment(
      "readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 5, timeoutSeconds: 2}"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads {
      for container in workload.running {
        for key in ["startupProbe", "readinessProbe", "livenessProbe"] {
          guard let probe = Probe(container.node[key]), probe.timeout > probe.period else { continue }
          found.add(
            workload.object, probe.node["timeoutSeconds"] ?? probe.node,
            message:
              "\(key): \(probe.timeout) s timeout > \(probe.period) s period: a hang is detected after \(probe.failures) * \(probe.timeout) = \(probe.failures * probe.timeout) s"
          )
        }
      }
    }
  }
}
