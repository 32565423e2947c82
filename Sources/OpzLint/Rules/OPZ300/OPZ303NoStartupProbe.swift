/// OPZ303: a liveness probe without a startup probe, which has to be slow enough for the start.
struct NoStartupProbe: Rule {
  let about = RuleAbout(
    code: "OPZ303", severity: .warning, title: "a liveness probe without a startup probe",
    why: """
      A single probe cannot both wait for a start of a minute and react quickly to a server that hangs. With a startup
      probe, the liveness probe begins only after the startup probe has passed, and needs no initialDelaySeconds. A
      model server starts slowest when its node has to read the model from a cold disk.
      """,
    remedy: "add a startupProbe with the readiness probe's path and a failureThreshold for the slowest start",
    wrong: Example.deployment("livenessProbe: {httpGet: {path: /live, port: 8080}}"),
    right: Example.deployment(
      """
      livenessProbe: {httpGet: {path: /live, port: 8080}}
      startupProbe: {httpGet: {path: /ready, port: 8080}, failureThreshold: 30}
      """))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads where workload.serves {
      let load = LoadTime.seconds(workload, set.options)
      for container in workload.main where container.node["startupProbe"] == nil {
        guard let probe = Probe(container.node["livenessProbe"]), Double(probe.certain) >= load ?? 0 else { continue }
        found.add(
          workload.object, probe.node, message: "\(container.name) is killed if its start takes more than \(probe.text)"
        )
      }
    }
  }
}
