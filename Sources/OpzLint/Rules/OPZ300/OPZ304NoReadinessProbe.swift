/// OPZ304: a server without a readiness probe, which gets requests before it can serve them.
struct NoReadinessProbe: Rule {
  let about = RuleAbout(
    code: "OPZ304", severity: .warning, title: "no readiness probe",
    why: """
      Without a readiness probe, a pod counts as ready as soon as its process has started: a rolling update stops old
      pods while new ones are still loading their model, and the Service sends requests to them. This is checked for
      workloads that a Service selects.
      """,
    remedy: "add a readinessProbe that succeeds only once the model is loaded",
    wrong: Example.stream(
      Example.deployment("ports: [{containerPort: 8080}]"),
      "apiVersion: v1\nkind: Service\nmetadata: {name: churn}\nspec: {selector: {app: churn}, ports: [{port: 8080}]}"),
    right: Example.stream(
      Example.deployment("ports: [{containerPort: 8080}]\nreadinessProbe: {httpGet: {path: /ready, port: 8080}}"),
      "apiVersion: v1\nkind: Service\nmetadata: {name: churn}\nspec: {selector: {app: churn}, ports: [{port: 8080}]}"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    var seen: Set<String> = []
    for service in set.all("", "Service") {
      let selector = service.root["spec", "selector"]?.strings ?? [:]
      for workload in set.workloads(labelled: selector, in: service.namespace) where workload.serves {
        guard !workload.main.contains(where: { $0.node["readinessProbe"] != nil }),
          seen.insert(workload.object.title).inserted
        else { continue }
        found.add(
          workload.object, workload.pod["containers"],
          message:
            "no container has a readiness probe, and Service \(service.name.prefix(63)) sends requests as soon as the process runs"
        )
      }
    }
  }
}
