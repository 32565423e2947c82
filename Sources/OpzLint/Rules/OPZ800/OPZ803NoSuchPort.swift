/// OPZ803: a port name that no container has.
struct NoSuchPort: Rule {
  let about = RuleAbout(
    code: "OPZ803", severity: .error, title: "a port name that no container has",
    why: """
      A Service's targetPort can name a containerPort. If no container has a port of that name, the Service has no
      endpoints for the port, and a probe that uses the name fails.
      """,
    remedy: "name the containerPort, or use its number",
    wrong: Example.stream(
      Example.deployment("ports: [{name: http, containerPort: 8080}]"),
      "apiVersion: v1\nkind: Service\nmetadata: {name: churn}\nspec: {selector: {app: churn}, ports: [{port: 80, targetPort: web}]}"
    ),
    right: Example.stream(
      Example.deployment("ports: [{name: http, containerPort: 8080}]"),
      "apiVersion: v1\nkind: Service\nmetadata: {name: churn}\nspec: {selector: {app: churn}, ports: [{port: 80, targetPort: http}]}"
    ))

  private static func names(_ containers: [LintContainer]) -> Set<String> {
    Set(containers.flatMap { $0.node["ports"]?.list ?? [] }.compactMap { $0["name"]?.text })
  }

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for service in set.all("", "Service") {
      let selected = set.workloads(labelled: service.root["spec", "selector"]?.strings ?? [:], in: service.namespace)
      for port in service.root["spec", "ports"]?.list ?? [] {
        guard let target = port["targetPort"], let name = target.text, Int(name) == nil, let first = selected.first,
          !selected.contains(where: { NoSuchPort.names($0.containers).contains(name) })
        else { continue }
        found.add(service, target, message: "no container of \(first.object.title) has a port named \(name.prefix(63))")
      }
    }
    for workload in set.workloads {
      for container in workload.containers {
        for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
          guard let node = container.node[probe]?["httpGet", "port"] ?? container.node[probe]?["tcpSocket", "port"],
            let name = node.text,
            Int(name) == nil, !NoSuchPort.names([container]).contains(name)
          else { continue }
          found.add(workload.object, node, message: "\(probe): \(container.name) has no port named \(name.prefix(63))")
        }
      }
    }
  }
}
