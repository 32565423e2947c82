import OpzDistribution
public import OpzIO
public import OpzOCI
import OpzPackage
public import OpzRegistry
import OpzStore

/// What `opz package` would do, computed without building or sending anything.
public struct PackagePlan: Sendable {
  /// Whether a layer is built, and if not, where it comes from.
  public enum State: String, Sendable {
    /// A layer of the base, which is never built.
    case base
    /// A layer that the registry has from an earlier build.
    case reused
    case built
  }

  /// How a push would get a layer to the destination.
  public enum Transfer: String, Sendable {
    /// The destination already has it.
    case skipped
    /// The destination mounts it from another repository of the same registry.
    case mounted
    case uploaded
  }

  /// One layer of the planned image, in the order of the manifest.
  public struct Layer: Sendable {
    public let role: String
    public let title: String
    public let state: State
    /// Why the layer is built; nil if it is not.
    public let reason: String?
    /// Bytes as stored; for a layer that is yet to be built, the bytes of its files.
    public let size: UInt64
    public let digest: Digest?
    /// What a push would do with it; nil if no destination was given.
    public let transfer: Transfer?
  }

  public let layers: [Layer]
  /// The newest version, `churn@1.0.0`; nil if there is none.
  public let latest: String?
  /// The settings of `opz.yaml` that differ from that version's.
  public let settings: [SettingsChange]
  /// Files whose place differs from `opz.yaml`, because a link in the base redirects their path.
  public let moves: [(path: String, place: String)]
  /// Files that are ignored, with the reason.
  public let ignored: [(path: String, reason: String)]
  /// Bytes that the build reads.
  public let reads: UInt64
  /// The most bytes that the build writes to the registry's disk.
  public let writes: UInt64
  /// Estimated seconds to write them, from this machine's earlier builds; nil without one.
  public let seconds: Double?
  /// Free bytes on the registry's disk.
  public let free: UInt64
  /// What the server will demand of callers; nil where the project says nothing of it.
  public let contract: [PlannedRule]?

  public var fits: Bool { writes <= free }

  /// Bytes of the layers that a push would transfer in this way; an upper bound for layers that are yet to be built.
  public func bytes(_ transfer: Transfer) -> UInt64 {
    layers.filter { $0.transfer == transfer }.reduce(0) { $0 &+ $1.size }
  }
}

/// `opz plan`.
public struct PlanProject: Sendable {
  private let request: PackageRequest
  private let destination: Reference?
  private let session: Session

  /// Prepares a plan.
  ///
  /// - Parameter destination: the remote repository that a push would go to; nil plans the build only.
  public init(_ request: PackageRequest, to destination: Reference? = nil, in session: Session) {
    self.request = request
    self.destination = destination
    self.session = session
  }

  /// Computes what `opz package` would build and, with a destination, what a push would transfer.
  ///
  /// Nothing is built, recorded or uploaded. The project's files are read, the local registry is created if missing,
  /// and the destination is asked whether it has each layer whose digest is known.
  /// - Throws: `ConfigError` for an invalid `opz.yaml`, `FlowError`, `RegistryError`, and the errors of the
  ///   destination.
  public func run() async throws -> PackagePlan {
    let project = try await LoadedProject.load(request, session)
    project.noteModel(session.progress)
    let registry = try session.createRegistry()
    let bases = try await project.bases(registry, session)
    let remote = try destination.map { try session.repository($0) }
    var layers: [PackagePlan.Layer] = []
    for layer in bases.layers {
      layers.append(
        PackagePlan.Layer(
          role: "runtime", title: bases.name ?? "base", state: .base, reason: nil, size: layer.descriptor.size,
          digest: layer.descriptor.digest,
          transfer: try await transfer(layer.descriptor, remote, mountable: isMountable(bases))))
    }
    let latest = try registry.latest(project.name)
    let files = if let latest { try await registry.files(of: latest.record) } else { [VersionRecord.File]() }
    let cache = registry.layerCache
    var (reads, writes): (UInt64, UInt64) = (0, 0)
    var missing: [PlannedLayer] = []
    let environment = try await project.environment(on: bases, fetching: false, registry, session)
    let placed = try await project.layers(environment, on: bases, registry, session: session)
    for planned in placed.layers {
      let found = try await blocking { try cache.find(planned) }
      if let found {
        let descriptor = found.layer.descriptor
        layers.append(
          PackagePlan.Layer(
            role: planned.role.rawValue, title: planned.title, state: .reused, reason: nil, size: descriptor.size,
            digest: descriptor.digest, transfer: try await transfer(descriptor, remote, mountable: false)))
      } else {
        missing.append(planned)
        reads &+= planned.size
        writes &+= planned.size &+ (1 << 16)
        layers.append(
          PackagePlan.Layer(
            role: planned.role.rawValue, title: planned.title, state: .built,
            reason: BuildReason.text(planned, since: latest, files: files, cache: cache), size: planned.size,
            digest: nil,
            transfer: remote == nil ? nil : .uploaded))
      }
    }
    try await blocking { try cache.save() }
    return PackagePlan(
      layers: layers, latest: latest?.record.reference,
      settings: try await changes(of: project, since: latest, registry),
      moves: placed.moves.map { (path: "/\($0.requested)", place: "/\($0.actual)") }, ignored: project.tree.ignored,
      reads: reads, writes: writes,
      seconds: cache.speed.seconds(missing), free: try FreeSpace.available(at: registry.root),
      contract: project.contract?.whole.planned)
  }

  /// The settings that differ from the newest version's.
  private func changes(
    of project: LoadedProject, since latest: Registry.Version?, _ registry: Registry
  ) async throws -> [SettingsChange] {
    guard let latest else { return [] }
    let lineage = try await project.lineage(session)
    return try await blocking {
      let settings = VersionSettings(
        deploy: try project.deploySettings(), lineage: lineage, pushTo: project.pushTo, tests: try project.tests())
      return try settings.changes(since: VersionSettings(registry.current(latest).record))
    }
  }

  private func isMountable(_ bases: BaseImages) -> Bool {
    guard let destination, let origin = bases.origin, let reference = try? Reference(parsing: origin) else {
      return false
    }
    return reference.host == destination.host
  }

  private func transfer(_ descriptor: Descriptor, _ remote: RemoteRepository?, mountable: Bool) async throws
    -> PackagePlan.Transfer?
  {
    guard let remote else { return nil }
    if try await remote.contains(descriptor) { return .skipped }
    return mountable ? .mounted : .uploaded
  }
}
