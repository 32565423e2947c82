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
