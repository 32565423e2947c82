import OpzYAML

/// The variables of opz.yaml's `deploy.env`. The name has digits of the content's hash, so that pods roll when it changes, and an old
/// ReplicaSet keeps what it was started with.
struct ConfigMap: YAMLEncodable {
  let values: [String: String]
  let names: PlanNames

  var name: String { names.name(of: values) }

  var yaml: YAMLValue {
    var metadata = names.metadata()
    metadata.name = name
    return KubernetesObject(
      apiVersion: "v1", kind: "ConfigMap", metadata: metadata,
      body: [.init("immutable", .bool(true)), .init("data", .texts(values))]
    ).yaml
  }
}
