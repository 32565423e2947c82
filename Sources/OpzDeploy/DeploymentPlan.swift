public import OpzOCI

/// What is to run, and how it scales: the one plan that all objects are made from.
public struct DeploymentPlan: Sendable {
  /// What answers on the port.
  public enum Server: Sendable, Hashable {
    /// opz-server: health, metrics and draining are known.
    case native
    /// Somebody's own program: only the port is known.
    case custom
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
  /// Percent of the requested CPU that the autoscaler aims at.
  public var cpuTarget: Int
  public var namespace: String?

  public init(
    model: String, version: String, image: Reference, server: Server, port: Int = 8080, user: String = "65532:65532",
    minReplicas: Int = 2, maxReplicas: Int = 10, cpu: Quantity, memory: Quantity, cpuTarget: Int = 70,
    namespace: String? = nil
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
  }

  /// The replicas vary, so an autoscaler decides.
  public var scales: Bool { maxReplicas > minReplicas }

  /// Seconds that a pod goes on serving after it was told to end, until every proxy has taken it out.
  static let drainSeconds = 10

  /// The numbers of `user`; nil for names, root, and numbers that Kubernetes does not take.
  var userAndGroup: (user: Int, group: Int)? {
    let parts = user.split(separator: ":", omittingEmptySubsequences: false)
    let ids = parts.compactMap { part in
      part.utf8.allSatisfy { (48...57).contains($0) } ? Int32(part).map(Int.init) : nil
    }
    guard (1...2).contains(parts.count), ids.count == parts.count, ids[0] > 0 else { return nil }
    return (ids[0], ids.count == 2 ? ids[1] : ids[0])
  }

  /// Refuses what Kubernetes would refuse, and what it would accept and never scale.
  public func validate() throws {
    guard image.digest != nil else {
      throw DeployError(.notPinned, image.description, "the image is not pinned by digest")
    }
    if let namespace { try ObjectName.check(namespace, key: "--namespace") }
    guard (1...65535).contains(port) else { throw DeployError(.badTarget, "runtime.expose", "\(port) is not a port") }
    guard userAndGroup != nil else {
      throw DeployError(
        .badTarget, "runtime.user", "\"\(user.prefix(80))\" is not UID or UID:GID of a user other than root",
        hint: "write numbers: Kubernetes cannot check a name")
    }
    guard minReplicas <= maxReplicas else {
      throw DeployError(.badReplicas, "deploy.replicas.min", "\(minReplicas) is more than max, \(maxReplicas)")
    }
    guard minReplicas >= 1 else {
      throw DeployError(
        .badReplicas, "deploy.replicas.min", "a HorizontalPodAutoscaler on CPU cannot start again from 0",
        hint: "set min: 1 or more")
    }
    guard maxReplicas <= Int(Int32.max) else {
      throw DeployError(
        .badReplicas, "deploy.replicas.max", "\(maxReplicas) is more than Kubernetes can hold, \(Int32.max)")
    }
    guard scales else { return }
    guard (1...1000).contains(cpuTarget) else {
      throw DeployError(.badTarget, "deploy.autoscale.cpu", "\(cpuTarget)% is not a target")
    }
    // The CPU limit equals the request, so use is at most 100%; the autoscaler acts only above 1.1 times the target.
    guard cpuTarget < 91 else {
      throw DeployError(
        .neverScales, "deploy.autoscale.cpu",
        "\(cpuTarget)% never scales up: use is at most 100% of the request, and 100 / \(cpuTarget) is not above the tolerance of 1.1",
        hint: "aim at 90 or less; 70 leaves room for the time that a new pod needs")
    }
  }
}
