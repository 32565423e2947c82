import OpzYAML

/// A ConfigMap with the variables of `deploy.env`.
///
/// Its name contains digits of the content's hash, so that pods roll when the content changes and an old ReplicaSet
/// keeps the values that it started with.
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
