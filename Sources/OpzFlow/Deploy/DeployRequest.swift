public import OpzDeploy
public import OpzOCI
public import OpzRegistry

/// What `opz deploy` is asked for.
public struct DeployRequest: Sendable {
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
