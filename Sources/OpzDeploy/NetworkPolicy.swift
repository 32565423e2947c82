/// Who may talk to the pods: anybody in the cluster on the port, and the native server to nobody.
struct NetworkPolicy: YAMLEncodable {
  let plan: DeploymentPlan
  let names: PlanNames

  var yaml: YAMLValue {
    let ports = YAMLValue.list([.map(.init("port", .text("http")), .init("protocol", .text("TCP")))])
    let native = plan.server == .native
    return KubernetesObject(
      apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: names.metadata(),
      body: [
        .init(
          "spec",
          .map(
            .init("podSelector", .map(.init("matchLabels", .texts(names.selector)))),
            .init("policyTypes", .list(native ? [.text("Ingress"), .text("Egress")] : [.text("Ingress")])),
            .init("ingress", .list([.map(.init("ports", ports))])),
            native ? .init("egress", .list([]), comment: "opz-server opens no connection.") : nil))
      ]
    ).yaml
  }
}
