import OpzYAML

/// A Namespace that enforces Pod Security's `restricted` profile.
struct Namespace: YAMLEncodable {
  let name: String

  var yaml: YAMLValue {
    KubernetesObject(
      apiVersion: "v1", kind: "Namespace",
      metadata: ObjectMeta(
        name: name, namespace: nil,
        labels: [
          "app.kubernetes.io/managed-by": "opz", "pod-security.kubernetes.io/enforce": "restricted",
          "pod-security.kubernetes.io/enforce-version": "latest",
        ]), body: []
    ).yaml
  }
}

/// A limit on the sum of all pods in a namespace.
struct ResourceQuota: YAMLEncodable {
  let quota: DeploySettings.Quota
  let names: PlanNames

  var yaml: YAMLValue {
    var hard: [String: String] = [:]
    for prefix in ["requests", "limits"] {
      hard["\(prefix).cpu"] = quota.cpu
      hard["\(prefix).memory"] = quota.memory
    }
    hard["pods"] = quota.pods.map { String($0) }
    return KubernetesObject(
      apiVersion: "v1", kind: "ResourceQuota", metadata: names.sharedMetadata(),
      body: [.init("spec", .map(.init("hard", .texts(hard))))]
    ).yaml
  }
}

/// The default resources of containers: with a quota, Kubernetes rejects containers without requests.
struct LimitRange: YAMLEncodable {
  let plan: DeploymentPlan
  let names: PlanNames

  var yaml: YAMLValue {
    let amounts = YAMLValue.texts(["cpu": plan.cpu.description, "memory": plan.memory.description])
    return KubernetesObject(
      apiVersion: "v1", kind: "LimitRange", metadata: names.sharedMetadata(),
      body: [
        .init(
          "spec",
          .map(
            .init(
              "limits",
              .list([
                .map(.init("type", .text("Container")), .init("defaultRequest", amounts), .init("default", amounts))
              ]))))
      ]
    ).yaml
  }
}
