import OpzYAML

/// The Service: one address for all pods.
struct Service: YAMLEncodable {
  let names: PlanNames

  var yaml: YAMLValue {
    let port = YAMLValue.map(
      .init("name", .text("http")), .init("port", .integer(80)), .init("targetPort", .text("http")),
      .init("protocol", .text("TCP")))
    return KubernetesObject(
      apiVersion: "v1", kind: "Service", metadata: names.metadata(),
      body: [
        .init(
          "spec",
          .map(
            .init("type", .text("ClusterIP")), .init("selector", .texts(names.selector)), .init("ports", .list([port])))
        )
      ]
    ).yaml
  }
}

/// Divides a model's requests between two versions (gateway.networking.k8s.io/v1).
struct HTTPRoute: YAMLEncodable {
  let plan: DeploymentPlan
  let names: PlanNames
  /// Services and their weights, which add up to 100.
  let backends: [(service: String, weight: Int)]

  var yaml: YAMLValue {
    let rollout = plan.settings.rollout
    let hosts = rollout?.hosts ?? []
    let gateway = (rollout?.gateway ?? "").split(separator: "/").map(String.init)
    let parent = YAMLValue.map(
      .init("group", .text("gateway.networking.k8s.io")), .init("kind", .text("Gateway")),
      gateway.count == 2 ? .init("namespace", .text(gateway[0])) : nil, .init("name", .text(gateway.last ?? "")))
    return KubernetesObject(
      apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute", metadata: names.sharedMetadata(),
      body: [
        .init(
          "spec",
          .map(
            .init("parentRefs", .list([parent])), hosts.isEmpty ? nil : .init("hostnames", .texts(hosts)),
            .init("rules", .list([rule]))))
      ]
    ).yaml
  }

  private var rule: YAMLValue {
    let targets = backends.map { service, weight in
      YAMLValue.map(
        .init("name", .text(service)), .init("port", .integer(80)), .init("weight", .integer(weight)))
    }
    let path = YAMLValue.map(.init("path", .map(.init("type", .text("PathPrefix")), .init("value", .text("/")))))
    return .map(.init("matches", .list([path])), .init("backendRefs", .list(targets)))
  }
}
