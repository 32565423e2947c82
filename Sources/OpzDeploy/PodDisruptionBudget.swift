import OpzYAML

/// The budget for drains: one pod at a time. With a single replica it would block every drain, so there is none then.
struct PodDisruptionBudget: YAMLEncodable {
  let names: PlanNames
  let selector: [String: String]

  var yaml: YAMLValue {
    KubernetesObject(
      apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: names.metadata(),
      body: [
        .init(
          "spec",
          .map(
            .init("maxUnavailable", .integer(1)),
            .init(
              "unhealthyPodEvictionPolicy", .text("AlwaysAllow"),
              comment: "A pod that is not ready does not hold up a drain."),
            .init("selector", .map(.init("matchLabels", .texts(selector))))))
      ]
    ).yaml
  }
}
