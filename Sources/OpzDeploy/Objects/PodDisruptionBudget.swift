import OpzYAML

/// Limits drains to one pod at a time. It is not written for a single replica, where it would block every drain.
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
