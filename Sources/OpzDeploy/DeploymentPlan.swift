public import OpzOCI

/// What is to run, and how it scales: the one plan that all objects are made from.
public struct DeploymentPlan: Sendable {
  /// What answers on the port.
  public enum Server: Sendable, Hashable {
    /// opz-server: health, metrics and draining are known.
    case native
    /// Somebody's own program: only the port is known.
    case custom
    /// None: the image is a model, and KServe brings the server.
    case weights
  }

  /// The model's name and version.
  public var model: String
  public var version: String
  /// Pinned by digest.
  public var image: Reference
  public var server: Server
  public var port: Int
  /// `UID[:GID]`.
  public var user: String
  public var minReplicas: Int
  public var maxReplicas: Int
  public var cpu: Quantity
  public var memory: Quantity
  /// Percent of the requested CPU that the autoscaler aims at; nil where it does not look at the CPU.
  public var cpuTarget: Int?
  public var namespace: String?
  public var target: DeployTarget
  /// The rest of opz.yaml's `deploy`.
  public var settings: DeploySettings
  /// What `opz test` measured from the start to the first answer, milliseconds.
  public var readyMilliseconds: Int?
  /// The compressed layers that a node pulls.
  public var imageBytes: UInt64?
  /// The model's files, uncompressed.
  public var modelBytes: UInt64?
  /// `xgboost`: what KServe looks for a server by.
  public var modelFormat: String?
  /// The image has files beside the model, so that a container can start in it.
  public var hasBase = false
  /// A PodDisruptionBudget, where there are pods enough.
  public var hasBudget = true

  public init(
    model: String, version: String, image: Reference, server: Server, port: Int = 8080, user: String = "65532:65532",
    minReplicas: Int = 2, maxReplicas: Int = 10, cpu: Quantity, memory: Quantity, cpuTarget: Int? = 70,
    namespace: String? = nil, target: DeployTarget = .kubernetes, settings: DeploySettings = DeploySettings()
  ) {
    self.model = model
    self.version = version
    self.image = image
    self.server = server
    self.port = port
    self.user = user
    self.minReplicas = minReplicas
    self.maxReplicas = maxReplicas
    self.cpu = cpu
    self.memory = memory
    self.cpuTarget = cpuTarget
    self.namespace = namespace
    self.target = target
    self.settings = settings
  }

  /// A plan of what opz.yaml says, with opz's defaults for the rest.
  /// - Throws: `DeployError` for a quantity that is none.
  public init(
    model: String, version: String, image: Reference, server: Server, port: Int, user: String,
    settings: DeploySettings, target: DeployTarget, namespace: String?
  ) throws {
    let scale = settings.autoscale
    let others = [scale?.memory, scale?.concurrency, scale?.rps]
    let least = settings.replicas?.min ?? 2
    self.init(
      model: model, version: version, image: image, server: server, port: port, user: user, minReplicas: least,
      maxReplicas: settings.replicas?.max ?? max(10, least),
      cpu: try Quantity(settings.resources?.cpu ?? "500m", key: "deploy.resources.cpu"),
      memory: try Quantity(settings.resources?.memory ?? "256Mi", key: "deploy.resources.memory"),
      cpuTarget: scale?.cpu ?? (others.allSatisfy { $0 == nil } && target != .knative ? 70 : nil),
      namespace: namespace ?? settings.namespace?.name, target: target, settings: settings)
  }

  /// The replicas vary, so an autoscaler decides.
  public var scales: Bool { maxReplicas > minReplicas }

  /// Seconds that a pod goes on serving after it was told to end, until every proxy has taken it out.
  static let drainSeconds = 10

  /// Requests that opz-server answers at a time (OPZ_MAX_REQUESTS); it refuses more.
  static let mostInFlight = 256

  /// What opz.yaml sets of it, within what a number in Kubernetes can be.
  var mostRequests: Int {
    let written = settings.env?["OPZ_MAX_REQUESTS"].flatMap { Int($0) }
    return min(max(1, written ?? DeploymentPlan.mostInFlight), Int(Int32.max))
  }

  /// Two versions share the requests, so that names have the version in them.
  var isSided: Bool { settings.rollout != nil && target.hasDeployment }

  /// The numbers of `user`; nil for names, root, and numbers that Kubernetes does not take.
  var userAndGroup: (user: Int, group: Int)? {
    let parts = user.split(separator: ":", omittingEmptySubsequences: false)
    let ids = parts.compactMap { part in
      part.utf8.allSatisfy { (48...57).contains($0) } ? Int32(part).map(Int.init) : nil
    }
    guard (1...2).contains(parts.count), ids.count == parts.count, ids[0] > 0 else { return nil }
    return (ids[0], ids.count == 2 ? ids[1] : ids[0])
  }

  /// Requests in flight of a pod that Knative aims at: what opz.yaml says, else eight a core, because Knative's own 100 is never reached by a small pod.
  var knativeConcurrency: Int {
    // More than a million is refused where it is written, too.
    settings.autoscale?.concurrency ?? Int(min(max(1, cpu.units), 125_000)) * 8
  }

  /// Seconds from the start of the container within which it must answer: ten times what was measured and 10 more, 120 where nothing was.
  var startupSeconds: Int {
    guard let readyMilliseconds, readyMilliseconds >= 0 else { return 120 }
    return 10 + min(readyMilliseconds, 3_600_000) / 100
  }

  /// Seconds for a rollout to make progress: pulling the image at 10 MB/s, the start, and a minute; never less than Kubernetes' own 600.
  var progressSeconds: Int {
    let pull = Int(clamping: (imageBytes ?? 0) / 10_000_000)
    return max(600, min(pull, 86_400) + startupSeconds + 60)
  }
}
