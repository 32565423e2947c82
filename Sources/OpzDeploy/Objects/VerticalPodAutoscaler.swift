import OpzYAML

/// Recommends requests (autoscaling.k8s.io/v1) without changing them, because two autoscalers must not act on one
/// resource.
struct VerticalPodAutoscaler: YAMLEncodable {
  let names: PlanNames

  var yaml: YAMLValue {
    KubernetesObject(
      apiVersion: "autoscaling.k8s.io/v1", kind: "VerticalPodAutoscaler", metadata: names.metadata(),
      body: [
        .init(
          "spec",
          .map(
            .init(
              "targetRef",
              .map(
                .init("apiVersion", .text("apps/v1")), .init("kind", .text("Deployment")),
                .init("name", .text(names.name)))),
            .init("updatePolicy", .map(.init("updateMode", .text("Off"))))))
      ]
    ).yaml
  }
}
