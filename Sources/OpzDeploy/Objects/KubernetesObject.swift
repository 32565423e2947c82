import OpzYAML

/// The metadata of an object.
struct ObjectMeta: YAMLEncodable {
  var name: String
  var namespace: String?
  var labels: [String: String]
  var annotations: [String: String] = [:]

  var yaml: YAMLValue {
    .map(
      .init("name", .text(name)),
      namespace.map { .init("namespace", .text($0)) },
      .init("labels", .texts(labels)),
      annotations.isEmpty ? nil : .init("annotations", .texts(annotations)))
  }
}

/// A complete Kubernetes object.
struct KubernetesObject: YAMLEncodable {
  var apiVersion: String
  var kind: String
  var metadata: ObjectMeta
  /// The members after `metadata`.
  var body: [YAMLValue.Member]

  var yaml: YAMLValue {
    .map(
      [
        .init("apiVersion", .text(apiVersion)), .init("kind", .text(kind)), .init("metadata", metadata.yaml),
      ] + body)
  }
}
