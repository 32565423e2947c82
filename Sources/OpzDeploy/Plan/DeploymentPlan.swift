public import OpzKubernetes
public import OpzOCI

/// What to run and how it scales: all Kubernetes objects are generated from this plan.
public struct DeploymentPlan: Sendable {
  /// The program that listens on the port.
  public enum Server: Sendable, Hashable {
    /// opz-server, whose health endpoints, metrics and draining are known.
    case native
    /// opz-server in front of workers of Python or R, whose memory is the model's own.
    case workers
    /// A custom program, of which only the port is known.
    case custom
    /// No server: the image contains a model only, and KServe provides the server.
    case weights

    /// Whether opz-server listens: its health endpoints, metrics and draining are known.
    var isOpzServer: Bool { self == .native || self == .workers }
  }

  /// What opz.yaml says of the workers behind opz-server.
  public struct Workers: Sendable, Hashable {
    public var count: Int
    /// Bytes that one may have; nil where there is no limit.
    public var memoryBytes: UInt64?
    /// Seconds that loading the model may take; nil for opz-server's default.
    public var startSeconds: Int?

    /// Creates a description; nil is opz-server's default.
    public init(count: Int = 1, memoryBytes: UInt64? = nil, startSeconds: Int? = nil) {
      self.count = count
      self.memoryBytes = memoryBytes
      self.startSeconds = startSeconds
    }
  }

  /// The name of the model.
  public var model: String
  public var version: String
  /// The image, pinned by digest.
  public var image: Reference
  public var server: Server
  /// The TCP port of the server in the container.
  public var port: Int
  /// `UID[:GID]`.
  public var user: String
  public var minReplicas: Int
  public var maxReplicas: Int
  /// The CPU of one pod, as request and limit.
  public var cpu: Quantity
  /// The memory of one pod, as request and limit.
  public var memory: Quantity
  /// The target for CPU use, in percent of the request; nil where the autoscaler does not use the CPU.
  public var cpuTarget: Int?
  /// The namespace of the objects; nil to leave it to kubectl.
  public var namespace: String?
  public var target: DeployTarget
  /// The rest of the `deploy` section of opz.yaml.
  public var settings: DeploySettings
  /// The time from the start to the first response as measured by `opz test`, in milliseconds.
  public var readyMilliseconds: Int?
  /// What server and workers had at the end of `opz test`, in bytes.
  public var measuredBytes: UInt64?
  /// What the Python packages of the image have in files, in bytes; nil where it is not known.
  public var environmentBytes: UInt64?
  /// Where `memory` is from, if opz.yaml does not say it.
  public var memoryReason: String?
  /// Where the server is `.workers`.
  public var workers = Workers()
  /// The variables of the image, which `deploy.env` replaces.
  public var imageEnvironment: [String: String] = [:]
  /// The size of the compressed layers that a node pulls, in bytes.
  public var imageBytes: UInt64?
  /// The size of the model's files, uncompressed, in bytes.
  public var modelBytes: UInt64?
  /// The format by which KServe selects a server, such as `xgboost`.
  public var modelFormat: String?
  /// What KServe's server for the format needs and the model's files have not; nil if nothing is known to be missing.
  public var modelFormatNote: String?
  /// What people call the format of a model that opz scores but for which KServe has no server: `scikit-learn (skops)`.
  public var unservedFormat: String?
  /// Whether the image has files besides the model, so that a container can run in it.
  public var hasBase = false
  /// Whether to write a PodDisruptionBudget, which is done where there are at least two pods.
  public var hasBudget = true

  /// Creates a plan; checks nothing, see `validate()`.
  /// - Parameters:
  ///   - image: pinned by digest.
  ///   - user: `UID[:GID]`.
  ///   - cpu: the CPU of one pod, as request and limit; `memory` likewise.
  ///   - cpuTarget: percent of the requested CPU; nil where the autoscaler does not use the CPU.
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

  /// Creates a plan from the `deploy` section of opz.yaml, with opz's defaults for what it leaves out.
  /// - Throws: `KubernetesError` with the code `badQuantity`.
  public init(
    model: String, version: String, image: Reference, server: Server, port: Int, user: String,
    settings: DeploySettings, target: DeployTarget, namespace: String?
  ) throws {
    let scale = settings.autoscale
    let others = [scale?.memory, scale?.concurrency, scale?.rps]
    let minimum = settings.replicas?.min ?? 2
    self.init(
      model: model, version: version, image: image, server: server, port: port, user: user, minReplicas: minimum,
      maxReplicas: settings.replicas?.max ?? max(10, minimum),
      cpu: try Quantity(settings.resources?.cpu ?? "500m", key: "deploy.resources.cpu"),
      memory: try Quantity(settings.resources?.memory ?? "256Mi", key: "deploy.resources.memory"),
      cpuTarget: scale?.cpu ?? (others.allSatisfy { $0 == nil } ? target.defaultCPUTarget : nil),
      namespace: namespace ?? settings.namespace?.name, target: target, settings: settings)
  }

  /// Whether the number of replicas varies, so that an autoscaler is needed.
  public var isAutoscaled: Bool { maxReplicas > minReplicas }

  /// Seconds for which a pod keeps serving after SIGTERM, until every proxy has removed it.
  static let drainSeconds = 10

  /// opz-server's default for `OPZ_MAX_REQUESTS`: how many requests it serves at a time before it refuses more.
  static let defaultMaximumRequests = 256

  /// A variable of the container: that of `deploy.env`, else the image's.
  func variable(_ name: String) -> String? { settings.env?[name] ?? imageEnvironment[name] }

  /// `OPZ_MAX_REQUESTS` as set in opz.yaml, limited to the range of Kubernetes' integers.
  var maximumRequests: Int {
    let written = variable("OPZ_MAX_REQUESTS").flatMap { Int($0) }
    return min(max(1, written ?? DeploymentPlan.defaultMaximumRequests), Int(Int32.max))
  }

  /// Whether two versions run side by side, so that object names contain the version.
  var runsSideBySide: Bool { settings.rollout != nil && target.hasDeployment }

  /// The numbers of `user`; nil for names, root, and numbers that Kubernetes does not accept.
  var userAndGroup: (user: Int, group: Int)? {
    let parts = user.split(separator: ":", omittingEmptySubsequences: false)
    let ids = parts.compactMap { part in
      part.utf8.allSatisfy { (48...57).contains($0) } ? Int32(part).map(Int.init) : nil
    }
    guard (1...2).contains(parts.count), ids.count == parts.count, ids[0] > 0 else { return nil }
    return (ids[0], ids.count == 2 ? ids[1] : ids[0])
  }

  /// Seconds within which the container must respond after its start: what workers have to load the model where opz.yaml
  /// says it, else ten times the measured time plus 10, or 120 where nothing was measured.
  var startupSeconds: Int {
    if server == .workers, let written = workers.startSeconds { return min(max(0, written), 86_400) + 10 }
    // opz-server gives a worker 600 s to load its model.
    guard let readyMilliseconds, readyMilliseconds >= 0 else { return server == .workers ? 600 : 120 }
    return 10 + min(readyMilliseconds, 3_600_000) / 100
  }

  /// Seconds in which a rollout must make progress: pulling the image at 10 MB/s, the start, and a minute; at least
  /// Kubernetes' default of 600.
  var progressSeconds: Int {
    let pull = Int(clamping: (imageBytes ?? 0) / 10_000_000)
    return max(600, min(pull, 86_400) + startupSeconds + 60)
  }
}
