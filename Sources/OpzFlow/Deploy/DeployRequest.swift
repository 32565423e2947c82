public import OpzDeploy
public import OpzOCI
public import OpzRegistry

/// The options of `opz deploy`.
public struct DeployRequest: Sendable {
  /// The `HOST/REPO` that the cluster pulls from. Its tag is ignored, because images are pinned by digest.
  public var repository: Reference
  public var target: DeployTarget
  public var profile: DeployProfile
  public var form: DeployForm
  public var namespace: String?
  /// A second version that receives a share of the traffic.
  public var alongside: Registry.Version?
  /// Percent of the traffic for this version; nil uses the value of `opz.yaml`.
  public var weight: Int?
  /// Whether to write the Job of `deploy.batch` instead of the server.
  public var isBatch: Bool
  /// Replaces the settings that the version was packaged with.
  public var settings: SettingsFile?
  /// Codes of `opz lint` to ignore.
  public var allowed: Set<String> = []

  /// Creates a request; `settings` and `allowed` can be set afterwards.
  ///
  /// - Parameters:
  ///   - repository: the `HOST/REPO` that the cluster pulls from; its tag is ignored.
  ///   - namespace: nil uses the namespace of kubectl's context.
  ///   - alongside: a second version that receives a share of the traffic.
  ///   - weight: percent of the traffic for this version; nil uses the value of `opz.yaml`.
  ///   - isBatch: whether to write the Job of `deploy.batch` instead of the server.
  public init(
    repository: Reference, target: DeployTarget = .kubernetes, profile: DeployProfile = .prod,
    form: DeployForm = .plain, namespace: String? = nil, alongside: Registry.Version? = nil, weight: Int? = nil,
    isBatch: Bool = false
  ) {
    self.repository = repository
    self.target = target
    self.profile = profile
    self.form = form
    self.namespace = namespace
    self.alongside = alongside
    self.weight = weight
    self.isBatch = isBatch
  }
}
