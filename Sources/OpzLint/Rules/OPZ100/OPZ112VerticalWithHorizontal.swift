/// OPZ112: a VerticalPodAutoscaler that changes the requests by which a HorizontalPodAutoscaler divides.
struct VerticalWithHorizontal: Rule {
  let about = RuleAbout(
    code: "OPZ112", severity: .error,
    title: "a VerticalPodAutoscaler and a HorizontalPodAutoscaler for the same resource",
    why: """
      The horizontal autoscaler keeps usage / request at its target; the vertical one sets the request from the usage.
      Each reacts to the other: load adds pods, each pod gets fewer requests, the requested resources shrink,
      utilization rises, and more pods are added. VPA's documentation forbids this combination for the same resource.
      """,
    remedy: "set updateMode: \"Off\" (recommendations only), or controlledResources without the autoscaler's resource",
    wrong: Example.stream(
      Example.deployment(Example.cpuRequest), Example.hpa(),
      """
      apiVersion: autoscaling.k8s.io/v1
      kind: VerticalPodAutoscaler
      metadata: {name: churn}
      spec:
        targetRef: {apiVersion: apps/v1, kind: Deployment, name: churn}
        updatePolicy: {updateMode: Auto}
      """),
    right: Example.stream(
      Example.deployment(Example.cpuRequest), Example.hpa(),
      """
      apiVersion: autoscaling.k8s.io/v1
      kind: VerticalPodAutoscaler
      metadata: {name: churn}
      spec:
        targetRef: {apiVersion: apps/v1, kind: Deployment, name: churn}
        updatePolicy: {updateMode: "Off"}
      """))

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for vertical in set.all("autoscaling.k8s.io", "VerticalPodAutoscaler") {
      let spec = vertical.root["spec"]
      let mode = spec?["updatePolicy", "updateMode"]
      // `Off` without quotes is false in YAML 1.1, which Kubernetes uses.
      if let mode, ["Off", "off", "OFF", "false", "Initial"].contains(mode.text) { continue }
      let kind = spec?["targetRef", "kind"]?.text ?? "Deployment"
      let name = spec?["targetRef", "name"]?.text ?? ""
      guard let workload = set.workload(kind, name, in: vertical.namespace) else { continue }
      let policies = spec?["resourcePolicy", "containerPolicies"]?.list ?? []
      let controlled =
        policies.compactMap { $0["controlledResources"]?.list.compactMap(\.text) }.first ?? ["cpu", "memory"]
      for autoscaler in set.autoscalers(of: workload) {
        for metric in autoscaler.metrics {
          guard let resource = metric.resource, controlled.contains(resource) else { continue }
          found.add(
            vertical, mode ?? spec,
            message:
              "it changes the \(resource) request of \(workload.object.title), from which \(autoscaler.object.title) computes utilization"
          )
        }
      }
    }
  }
}
