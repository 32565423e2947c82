public import OpzYAML

/// The Kubernetes objects that are generated from a plan.
public struct Manifests: Sendable {
  /// A generated file.
  public struct File: Sendable, Hashable {
    /// A relative path with `/`, such as `base/deployment.yaml`.
    public let name: String
    /// The content, which ends in a newline.
    public let text: String
    /// The object that the file contains; `.null` for a file without one.
    public let value: YAMLValue

    init(_ name: String, _ text: String, value: YAMLValue = .null) {
      self.name = name
      self.text = text
      self.value = value
    }
  }

  /// An object, with the name of its file without `.yaml`.
  struct Object: Sendable, Hashable {
    var stem: String
    var value: YAMLValue

    init(_ stem: String, _ value: YAMLValue) {
      self.stem = stem
      self.value = value
    }

    var file: File { File(stem + ".yaml", YAMLWriter.write(value), value: value) }
    var kind: String { value["kind"]?.text ?? "" }
    var name: String { value["metadata"]?["name"]?.text ?? "" }
    /// The name of the scheduled command that the object runs.
    var schedule: String? { value["metadata"]?["labels"]?[PlanNames.schedule]?.text }
    var apiVersion: String { value["apiVersion"]?.text ?? "" }
  }

  /// What to generate.
  public enum Purpose: Sendable {
    /// A server; `alongside` is another version of the model with which it shares the requests.
    case serving(alongside: DeploymentPlan? = nil)
    /// Scoring of tables, as set in `deploy.batch`.
    case batch
  }

  /// The objects in the order in which they are applied.
  let objects: [Object]
  /// Files that are not objects, such as values for other Helm charts.
  let extras: [File]
  /// Notes for the user about the choices that were made.
  public let remarks: [String]
  let namespace: String?

  /// Generates the objects.
  /// - Throws: `DeployError` or `KubernetesError` for a plan that Kubernetes would reject or that would never scale.
  public init(_ plan: DeploymentPlan, _ purpose: Purpose = .serving(), profile: DeployProfile = .prod) throws {
    try plan.validate()
    let plan = profile.apply(to: plan)
    var list = try ObjectList(plan)
    switch purpose {
    case .serving(let other):
      try other?.validate()
      try list.serve(alongside: other.map(profile.apply))
    case .batch: try list.score()
    }
    objects = try Patches(plan.settings.patches ?? []).apply(to: list.objects)
    extras = list.extras
    remarks = list.remarks
    namespace = plan.namespace
  }

  /// A file for each object, `kustomization.yaml` for `kubectl apply -k`, and last the files that are not objects.
  public var files: [File] {
    let own = objects.map(\.file)
    let kustomization = Kustomization(namespace: namespace, resources: own.map(\.name)).yaml
    return own + [File("kustomization.yaml", YAMLWriter.write(kustomization))] + extras
  }

  /// All objects in one YAML stream, for `kubectl apply -f -`.
  public var stream: String { objects.map { "---\n" + $0.file.text }.joined() }

  /// A file for each object, in the order of the stream.
  public var documents: [File] { objects.map(\.file) }
}

extension DeployForm {
  /// A file for each object.
  public static let plain = DeployForm(
    rawValue: "plain", isPlain: true, readDirectory: "", files: { $2.files },
    applyCommand: { directory, _ in "kubectl apply -k \(directory)" })
}
