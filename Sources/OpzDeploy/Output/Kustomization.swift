import OpzYAML

/// The kustomization.yaml that lists the files, for `kubectl apply -k`.
struct Kustomization: YAMLEncodable {
  let namespace: String?
  let resources: [String]
  var patches: [(file: String, object: Manifests.Object)] = []

  var yaml: YAMLValue {
    .map(
      .init("apiVersion", .text("kustomize.config.k8s.io/v1beta1")), .init("kind", .text("Kustomization")),
      namespace.map { .init("namespace", .text($0)) }, .init("resources", .list(resources.map { .text($0) })),
      patches.isEmpty ? nil : .init("patches", .list(patches.map(entry))))
  }

  private func entry(_ patch: (file: String, object: Manifests.Object)) -> YAMLValue {
    .map(
      .init("path", .text(patch.file)),
      .init(
        "target", .map(.init("kind", .text(patch.object.kind)), .init("name", .text(patch.object.name)))))
  }
}
