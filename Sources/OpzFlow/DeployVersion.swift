import OpzDeploy
import OpzIO
public import OpzOCI
import OpzPackage
public import OpzRegistry
import OpzStore
public import SystemPackage

/// `opz deploy`: the Kubernetes manifests of a version.
public struct DeployVersion: Sendable {
  public struct Result: Sendable {
    public let files: [(name: String, text: String)]
    public let stream: String
    public let remarks: [String]
  }

  private let version: Registry.Version
  private let repository: Reference
  private let namespace: String?
  private let session: Session

  /// - Parameter repository: `HOST/REPO` that the cluster pulls from; its tag does not matter, the digest does.
  public init(_ version: Registry.Version, image repository: Reference, namespace: String?, in session: Session) {
    self.version = version
    self.repository = repository
    self.namespace = namespace
    self.session = session
  }

  public func manifests() async throws -> Result {
    let plan = try await plan()
    let manifests = try Manifests(plan)
    return Result(
      files: manifests.files.map { ($0.name, $0.text) }, stream: manifests.stream, remarks: manifests.remarks)
  }

  /// Writes the files into a directory and records the event.
  public func write(_ result: Result, to directory: FilePath, _ registry: Registry) async throws {
    try await blocking {
      try Durable.makeDirectory(directory)
      for (name, text) in result.files { try Durable.replace(directory.appending(name), with: Array(text.utf8)) }
    }
    try await record(result, registry)
  }

  public func record(_ result: Result, _ registry: Registry) async throws {
    let digest = Digest.of(Array(result.stream.utf8))
    let image = repository.pinned(to: version.record.image.digest).description
    try await blocking { [self] in
      try registry.note(
        .deployed, version, by: session.author,
        details: ["target": .string("kubernetes"), "image": .string(image), "manifests": .string(digest.description)])
    }
  }

  private func plan() async throws -> DeploymentPlan {
    let record = version.record
    guard record.runtime.kind != "model" else {
      throw FlowError(
        .failed, record.reference, "a model without a runtime does not serve",
        hint: "package it with runtime: {kind: native}, or mount the image as a volume")
    }
    var settings = DeploySettings()
    if let recorded = record.deploy {
      settings = try CanonicalJSON.decode(
        DeploySettings.self, from: CanonicalJSON.encode(recorded), subject: record.reference)
    }
    let registry = try session.openRegistry()
    let image = try await registry.store.image(record.image)
    let port = (image.config.config?.exposedPorts ?? [:]).keys.compactMap { Int($0.prefix { $0 != "/" }) }.min()
    return DeploymentPlan(
      model: record.name, version: record.version, image: repository.pinned(to: record.image.digest),
      server: record.runtime.kind == "native" ? .native : .custom, port: port ?? 8080,
      user: image.config.config?.user ?? RuntimeSettings.defaultUser, minReplicas: settings.replicas?.min ?? 2,
      maxReplicas: settings.replicas?.max ?? max(10, settings.replicas?.min ?? 2),
      cpu: try Quantity(settings.resources?.cpu ?? "500m", key: "deploy.resources.cpu"),
      memory: try Quantity(settings.resources?.memory ?? "256Mi", key: "deploy.resources.memory"),
      cpuTarget: settings.autoscale?.cpu ?? 70, namespace: namespace)
  }
}
