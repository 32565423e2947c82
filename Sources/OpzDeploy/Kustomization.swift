/// The list of the files, for `kubectl apply -k`.
struct Kustomization: YAMLEncodable {
  let namespace: String?
  let resources: [String]

  var yaml: YAMLValue {
    .map(
      .init("apiVersion", .text("kustomize.config.k8s.io/v1beta1")), .init("kind", .text("Kustomization")),
      namespace.map { .init("namespace", .text($0)) }, .init("resources", .list(resources.map { .text($0) })))
  }
}
