public import OpzDeploy
public import OpzOCI
public import OpzRegistry

/// What `opz deploy` is asked for.
public struct DeployRequest: Sendable {
  /// How the manifests are laid out in files.
  public enum Form: String, Sendable, CaseIterable {
    /// A file an object.
    case plain
    /// A base, and an overlay for each profile.
    case kustomize
    /// A Helm chart.
    case helm
  }

  /// `HOST/REPO` that the cluster pulls from; its tag does not matter, the digest does.
  public var repository: Reference
  public var target: DeployTarget
  public var profile: DeployProfile
  public var form: Form
  public var namespace: String?
  /// The version that shares the requests.
  public var beside: Registry.Version?
  /// Percent of the requests; what opz.yaml says if nil.
  public var weight: Int?
  /// The Job of `deploy.batch` and not the server.
  public var isBatch: Bool
  /// In the place of the settings that the version was packaged with.
  public var settings: SettingsFile?
  /// Codes of `opz lint` that are not looked for.
  public var allowed: Set<String> = []

  /// Creates a request; `settings` and `allowed` are set afterwards where they are needed.
  ///
  /// - Parameters:
  ///   - repository: `HOST/REPO` that the cluster pulls from; its tag is ignored.
  ///   - namespace: nil leaves the choice to kubectl's context.
  ///   - beside: a second version that serves a share of the requests.
  ///   - weight: percent of the requests; nil takes the value of `opz.yaml`.
  ///   - isBatch: whether to write the Job of `deploy.batch` instead of the server.
  public init(
    repository: Reference, target: DeployTarget = .kubernetes, profile: DeployProfile = .prod, form: Form = .plain,
    namespace: String? = nil, beside: Registry.Version? = nil, weight: Int? = nil, isBatch: Bool = false
  ) {
    self.repository = repository
    self.target = target
    self.profile = profile
    self.form = form
    self.namespace = namespace
    self.beside = beside
    self.weight = weight
    self.isBatch = isBatch
  }
}
