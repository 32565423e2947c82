public import OpzYAML

/// The objects that a plan becomes.
public struct Manifests: Sendable {
  public struct File: Sendable, Hashable {
    /// Relative, with `/`: `base/deployment.yaml`.
    public let name: String
    public let text: String
    /// The object; nothing for a file that is none.
    public let value: YAMLValue

    init(_ name: String, _ text: String, _ value: YAMLValue = .null) {
      self.name = name
      self.text = text
      self.value = value
    }
  }

  /// One object, and the name of its file without `.yaml`.
  struct Object: Sendable, Hashable {
    var stem: String
    var value: YAMLValue

    init(_ stem: String, _ value: YAMLValue) {
      self.stem = stem
      self.value = value
    }

    var file: File { File(stem + ".yaml", YAMLWriter.write(value), value) }
    var kind: String { value["kind"]?.text ?? "" }
    var name: String { value["metadata"]?["name"]?.text ?? "" }
    /// The scheduled command that it runs.
    var schedule: String? { value["metadata"]?["labels"]?[PlanNames.schedule]?.text }
    var apiVersion: String { value["apiVersion"]?.text ?? "" }
  }

  /// What is written.
  public enum Purpose: Sendable {
    /// A server, and beside it another version of the model that shares the requests.
    case serving(beside: DeploymentPlan? = nil)
    /// Scoring of tables, as `deploy.batch` says.
    case batch
  }

  /// In the order in which they are applied.
  let objects: [Object]
  /// Values for charts of other people; no objects.
  let extras: [File]
  /// What a person should know about the choices that were made.
  public let remarks: [String]
  let namespace: String?

  /// - Throws: `DeployError` for a plan that Kubernetes would refuse, or that would never scale.
  public init(_ plan: DeploymentPlan, _ purpose: Purpose = .serving(), profile: DeployProfile = .prod) throws {
    try plan.validate()
    let plan = profile.apply(to: plan)
    var list = try ObjectList(plan)
    switch purpose {
    case .serving(let other):
      try other?.validate()
      try list.serve(beside: other.map(profile.apply))
    case .batch: try list.score()
    }
    objects = try Patches(plan.settings.patches ?? []).apply(to: list.objects)
    extras = list.extras
    remarks = list.remarks
    namespace = plan.namespace
  }

  /// One object a file, `kustomization.yaml` for `kubectl apply -k`, and what is no object last.
  public var files: [File] {
    let own = objects.map(\.file)
    let kustomization = Kustomization(namespace: namespace, resources: own.map(\.name)).yaml
    return own + [File("kustomization.yaml", YAMLWriter.write(kustomization))] + extras
  }

  /// All objects in one stream, for `kubectl apply -f -`.
  public var stream: String { objects.map { "---\n" + $0.file.text }.joined() }

  /// One document an object, in the order of the stream.
  public var documents: [File] { objects.map(\.file) }
}
