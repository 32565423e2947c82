import OpzYAML

/// A kustomize base with the objects that all profiles share, and an overlay for each profile: `kubectl apply -k
/// DIR/overlays/prod` applies the plain output.
struct KustomizeLayout: Sendable {
  private let manifests: [DeployProfile: Manifests]
  private let base: [Manifests.Object]

  /// Generates the manifests of all profiles.
  /// - Parameter plan: as for `Manifests`.
  /// - Throws: as `Manifests` does.
  init(_ plan: DeploymentPlan, _ purpose: Manifests.Purpose = .serving()) throws {
    var found: [DeployProfile: Manifests] = [:]
    for profile in DeployProfile.allCases { found[profile] = try Manifests(plan, purpose, profile: profile) }
    manifests = found
    base = (found[.prod]?.objects ?? []).filter { object in
      found.values.allSatisfy { $0.objects.contains { KustomizeLayout.isSame($0, object) } }
    }
  }

  private static func isSame(_ one: Manifests.Object, _ other: Manifests.Object) -> Bool {
    one.kind == other.kind && one.name == other.name && one.apiVersion == other.apiVersion
  }

  /// `base/` and `overlays/PROFILE/`, each with a kustomization.yaml, and last the files that are not objects.
  var files: [Manifests.File] {
    let shared = base.map { Manifests.File("base/" + $0.file.name, $0.file.text) }
    let list = Kustomization(namespace: nil, resources: base.map(\.file.name))
    var files = shared + [Manifests.File("base/kustomization.yaml", YAMLWriter.write(list.yaml))]
    for profile in DeployProfile.allCases {
      if let manifests = manifests[profile] { files += overlay(profile, manifests) }
    }
    return files + (manifests[.prod]?.extras ?? [])
  }

  private func overlay(_ profile: DeployProfile, _ manifests: Manifests) -> [Manifests.File] {
    let directory = "overlays/\(profile.rawValue)/"
    var files: [Manifests.File] = []
    var resources = ["../../base"]
    var patches: [(file: String, object: Manifests.Object)] = []
    for object in manifests.objects {
      guard let common = base.first(where: { KustomizeLayout.isSame($0, object) }) else {
        resources.append(object.file.name)
        files.append(Manifests.File(directory + object.file.name, object.file.text))
        continue
      }
      let operations = JSONPatch.between(common.value, object.value)
      guard !operations.isEmpty else { continue }
      let file = "patch-\(object.stem).yaml"
      patches.append((file, object))
      files.append(Manifests.File(directory + file, YAMLWriter.write(.list(operations))))
    }
    let list = Kustomization(namespace: manifests.namespace, resources: resources, patches: patches)
    return files + [Manifests.File(directory + "kustomization.yaml", YAMLWriter.write(list.yaml))]
  }
}

extension DeployForm {
  /// A kustomize base, and an overlay for each profile.
  public static let kustomize = DeployForm(
    rawValue: "kustomize", isPlain: false, readDirectory: nil,
    files: { plan, purpose, _ in try KustomizeLayout(plan, purpose).files },
    applyCommand: { directory, profile in "kubectl apply -k \(directory)/overlays/\(profile.rawValue)" })
}

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
