/// OPZ802: a Service that selects no pods.
struct ServiceSelectsNothing: Rule {
  let about = RuleAbout(
    code: "OPZ802", severity: .warning, title: "a Service that selects nothing",
    why: """
      A Service whose selector matches no pod has no endpoints: connections are refused, and nothing reports the
      reason. This is checked only if the manifests contain workloads in the namespace, and no custom resource that
      could create pods.
      """,
    remedy: "use the labels of the pod template",
    wrong: Example.stream(
      Example.deployment(),
      "apiVersion: v1\nkind: Service\nmetadata: {name: churn}\nspec: {selector: {app: chrun}, ports: [{port: 8080}]}"),
    right: Example.stream(
      Example.deployment(),
      "apiVersion: v1\nkind: Service\nmetadata: {name: churn}\nspec: {selector: {app: churn}, ports: [{port: 8080}]}"))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for service in set.all("", "Service") {
      guard let selector = service.root["spec", "selector"], !selector.members.isEmpty,
        set.knowsAllPods(service.namespace), selector["statefulset.kubernetes.io/pod-name"] == nil,
        set.workloads(labelled: selector.strings, in: service.namespace).isEmpty
      else { continue }
      found.add(
        service, selector,
        message: "no workload of \(service.namespace.prefix(63)) here has pods with \(Labels.text(selector))")
    }
  }
}
