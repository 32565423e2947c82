import OpzYAML

/// The ServiceAccount: an identity without rights, and without a token in the pod.
struct ServiceAccount: YAMLEncodable {
  let names: PlanNames

  var yaml: YAMLValue {
    KubernetesObject(
      apiVersion: "v1", kind: "ServiceAccount", metadata: names.metadata(),
      body: [.init("automountServiceAccountToken", .bool(false))]
    ).yaml
  }
}
