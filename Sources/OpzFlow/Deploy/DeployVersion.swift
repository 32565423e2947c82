public import OpzDeploy
import OpzIO
import OpzInference
import OpzJSON
import OpzKubernetes
public import OpzLint
import OpzOCI
import OpzPackage
public import OpzRegistry
import OpzStore
public import SystemPackage

/// `opz deploy`: generates the Kubernetes manifests of a version.
public struct DeployVersion: Sendable {
  /// The generated manifests, with their lint findings and the settings they were made from.
  public struct Result: Sendable {
    public let files: [Manifests.File]
    /// The objects of the profile, one document each.
    public let stream: String
    public let remarks: [String]
    /// The origin of the settings: `settings of opz.yaml packaged at TIME (event N)`.
    public let settings: String
    /// The hash of that event; nil for settings from the record or a file.
    public let settingsEvent: String?
    /// The place that later deploys to it update. Its cluster is unknown until it is applied.
    public let place: DeployPlace
    /// The findings of `opz lint` for the stream.
    public let report: LintReport
  }

  private let version: Registry.Version
  private let request: DeployRequest
  private let session: Session

  /// Prepares the manifests of a version. Nothing is read before `manifests()`.
  public init(_ version: Registry.Version, _ request: DeployRequest, in session: Session) {
    self.version = version
    self.request = request
    self.session = session
  }

  /// Generates the manifests from the version's current settings, or from those of the request, and lints them.
  ///
  /// Nothing is written, applied or recorded, and lint errors do not throw: call `requireNoLintErrors(_:)` to refuse them.
  /// - Throws: `RegistryError` if the local registry cannot be read; `DeployError` or `KubernetesError` for settings
  ///   that give no valid manifests.
  public func manifests() async throws -> Result {
    let registry = try session.openRegistry()
    let (current, source) = try await current(version, registry)
    let plan = try await plan(current, registry, given: request.settings?.deploy)
    let other: DeploymentPlan? =
      if let other = request.alongside { try await self.plan(self.current(other, registry).0, registry) } else { nil }
    let purpose: Manifests.Purpose = request.isBatch ? .batch : .serving(alongside: other)
    let manifests = try Manifests(plan, purpose, profile: request.profile)
    return Result(
      files: try request.form.files(plan, purpose, manifests), stream: manifests.stream,
      remarks: manifests.remarks + (try await nameClashes(registry)),
      settings: request.settings.map { "settings of \($0.name)" } ?? source.description,
      settingsEvent: request.settings == nil ? source.event?.hash : nil,
      place: DeployPlace(namespace: plan.namespace, isBatch: request.isBatch),
      report: try await lint(manifests.stream, plan))
  }

  /// Remarks about other models whose objects would have the same names.
  private func nameClashes(_ registry: Registry) async throws -> [String] {
    try await blocking { [version] in
      let own = try ObjectName.of(model: version.name.description)
      // Names clash only if a character was replaced by a dash.
      guard own.contains("-") else { return [] }
      let others = try registry.models().filter { name in
        name != version.name && (try? ObjectName.of(model: name.description)) == own
      }
      return others.map {
        "\($0) and \(version.name) have the same names in Kubernetes (\(own)): deploy them into different namespaces"
      }
    }
  }

  /// Patches and settings can break generated objects, for example so that they never scale; so lint them like any
  /// other manifests.
  private func lint(_ stream: String, _ plan: DeploymentPlan) async throws -> LintReport {
    var options = LintOptions()
    options.allowed = request.allowed
    options.loadSeconds = plan.readyMilliseconds.map { Double($0) / 1000 }
    let input = LintInput(version.record.reference, Array(stream.utf8))
    return try await blocking { [options] in try Linter(options).run([input]) }
  }

  /// - Throws: `FlowError` of category `refused` if lint reports errors.
  public func requireNoLintErrors(_ result: Result) throws {
    let errors = result.report.findings.filter { $0.severity == .error }
    guard let first = errors.first else { return }
    let more = errors.count > 1 ? " (and \(errors.count - 1) more)" : ""
    throw FlowError(
      .refused, first.object, reason: "\(first.code): \(first.message)\(more)",
      hint:
        "\(first.hint.map { "\($0); " } ?? "")opz lint --explain \(first.code) explains it, --allow \(first.code) ignores it"
    )
  }

  /// Writes the files into a directory.
  /// - Returns: other YAML files there that kubectl or Helm would apply too, relative to the directory.
  @discardableResult
  public func write(_ result: Result, to directory: FilePath) async throws -> [String] {
    try await blocking {
      for file in result.files {
        let path = directory.pushing(FilePath(file.name))
        try Durable.makeDirectory(path.removingLastComponent())
        try OutputFile.write(Array(file.text.utf8), to: path)
      }
      return try others(result.files.map { FilePath($0.name) }, in: directory)
    }
  }

  /// YAML files in the directory that the form's program would read, too, and that are not among `names`.
  private func others(_ names: [FilePath], in directory: FilePath) throws -> [String] {
    guard let parent = request.form.readDirectory.map({ FilePath($0) }) else { return [] }
    let known = Set(names)
    return try Directory.entries(directory.pushing(parent)).map { parent.appending($0) }.filter {
      !known.contains($0) && ["yaml", "yml"].contains($0.extension ?? "")
    }.map(\.string).sorted()
  }

  /// Records that the objects were written, with their exact bytes.
  public func record(_ result: Result, _ registry: Registry) async throws {
    try await blocking { [self] in
      try registry.deployed(
        version, Array(result.stream.utf8), place: result.place, details: details(result), by: session.author)
    }
  }

  /// Applies the objects, and records the outcome.
  /// - Parameters:
  ///   - prunes: whether to delete the objects that earlier deploys left in the place.
  ///   - seconds: how long to wait for pods; nil uses the Deployments' own deadlines.
  ///   - note: called with progress messages, one line each.
  /// - Throws: `FlowError` if the deploy failed.
  @discardableResult
  public func apply(
    _ result: Result, _ registry: Registry, prunes: Bool = false, seconds: Int? = nil,
    note: @escaping @Sendable (String) -> Void = { _ in }
  ) async throws -> ApplyDeploy.Result {
    var apply = ApplyDeploy(version, result.stream, place: result.place, in: session)
    (apply.details, apply.prunes, apply.seconds) = (details(result), prunes, seconds)
    return try await apply.run(registry, note: note)
  }

  private func details(_ result: Result) -> [String: JSONValue] {
    var details: [String: JSONValue] = [
      "target": .string(request.target.rawValue), "profile": .string(request.profile.rawValue),
      "image": .string(request.repository.pinned(to: version.record.image.digest).description),
    ]
    details["settings"] = result.settingsEvent.map { .string($0) }
    return details
  }

  /// The difference to the last successful deploy in the same place; nil if there was none.
  public func difference(_ result: Result, _ registry: Registry) async throws -> String? {
    let (place, context) = await known(result.place)
    return try await blocking { [version] in
      let deploys = try registry.state(version.name).deploys(in: place, context: context)
      guard let last = deploys.last(where: \.isWhole) else { return nil }
      let old = ManifestStream(String(decoding: try registry.manifests(of: last), as: UTF8.self))
      return old.difference(to: ManifestStream(result.stream))
    }
  }

  /// The objects of earlier deploys of the place that are still in the cluster, but not among these.
  /// - Throws: `FlowError` if kubectl fails, or if an object belongs to another model.
  public func leftOver(_ result: Result, _ registry: Registry) async throws -> [ManifestDocument] {
    let cluster = ClusterClient(session)
    let context = try await cluster.context()
    let place = await known(result.place).place
    let earlier = try await ApplyDeploy.earlier(version.name, in: place, context: context.namespace, registry)
    return try await ApplyPlan(
      version.name, ManifestStream(result.stream), earlier: earlier, prunes: true, namespace: context.namespace,
      cluster: cluster
    ).leftOver
  }

  /// The place with kubectl's current cluster and namespace filled in, and that namespace; unchanged and nil if there
  /// is no context.
  public func known(_ place: DeployPlace) async -> (place: DeployPlace, context: String?) {
    guard let context = try? await ClusterClient(session).context(), let cluster = context.cluster else {
      return (place, nil)
    }
    var place = place.settled(in: context.namespace)
    place.cluster = cluster
    return (place, context.namespace)
  }

  /// The left-over objects that may be deleted: not a Namespace, which would take everything in it along, and not a
  /// ConfigMap, which pods of the previous version may still need to start.
  public static func deletable(_ gone: [ManifestDocument]) -> [ManifestDocument] {
    gone.filter { !["Namespace", "ConfigMap"].contains($0.kind) }
  }

  // MARK: The plan

  /// The version with its current settings, and where those come from.
  private func current(_ version: Registry.Version, _ registry: Registry) async throws -> (
    Registry.Version, SettingsSource
  ) {
    try await blocking {
      let state = try registry.state(version.name)
      return (try registry.current(version, in: state), SettingsSource(version, in: state))
    }
  }

  private func plan(
    _ version: Registry.Version, _ registry: Registry, given: DeploySettings? = nil
  ) async throws -> DeploymentPlan {
    let record = version.record
    var settings = given ?? DeploySettings()
    if given == nil, let recorded = record.deploy {
      settings = try CanonicalJSON.decode(
        DeploySettings.self, from: CanonicalJSON.encode(recorded), subject: record.reference)
    }
    if let weight = request.weight { settings.rollout?.weight = weight }
    let image = try await registry.store.image(record.image)
    let port = (image.config.config?.exposedPorts ?? [:]).keys.compactMap { Int($0.prefix { $0 != "/" }) }.min()
    var plan = try DeploymentPlan(
      model: record.name, version: record.version, image: request.repository.pinned(to: record.image.digest),
      server: try DeployVersion.server(record), port: port ?? 8080,
      user: image.config.config?.user ?? RuntimeSettings.defaultUser, settings: settings, target: request.target,
      namespace: request.namespace)
    let measured = try await measured(version, registry)
    plan.readyMilliseconds = measured.ready
    plan.measuredBytes = measured.memory
    let platform = record.platforms.first.flatMap { Platform($0) } ?? .host
    plan.imageBytes = record.layers.filter { $0.isPart(of: platform) }
      .reduce(0) { $0 &+ $1.descriptor.size }
    plan.modelBytes = record.files.filter { $0.role == "model" }.reduce(0) { $0 &+ $1.size }
    plan.imageEnvironment = ImageFiles.environment(of: image)
    if plan.server == .workers { plan.workers = try await workers(image, record, registry: registry) }
    plan.environmentBytes = environmentBytes(record, platform)
    if settings.resources?.memory == nil, plan.server == .workers || plan.server == .custom {
      if ["python", "r"].contains(record.runtime.kind) || plan.measuredBytes != nil {
        try plan.sizeForWorkers()
      } else {
        try plan.sizeForCustom()
      }
    }
    let format = record.model.flatMap { session.formats.named($0.format) }
    plan.modelFormat = format?.kserve
    if let format, !format.kserveSuffixes.isEmpty {
      let names = record.files.filter { $0.role == "model" }.map(\.path)
      if !names.contains(where: { name in format.kserveSuffixes.contains(where: name.hasSuffix) }) {
        plan.modelFormatNote =
          "KServe's server loads files that end in \(format.kserveSuffixes.joined(separator: ", ")): rename the model's."
      }
    }
    if let format, format.kserve == nil, format.isReadable { plan.unservedFormat = format.displayName }
    plan.hasBase = record.runtime.base.map { $0 != "scratch" } ?? false
    return plan
  }

  /// What the packages have in files; nil for a version of an opz that did not record it.
  private func environmentBytes(_ record: VersionRecord, _ platform: Platform) -> UInt64? {
    let own = (record.packages ?? []).filter { Platform($0.platform)?.normalized == platform.normalized }
    let sizes = own.compactMap(\.unpacked)
    guard !own.isEmpty, sizes.count == own.count else { return nil }
    return sizes.reduce(0) { sum, size in
      let (total, isTooMuch) = sum.addingReportingOverflow(size)
      return isTooMuch ? .max : total
    }
  }

  /// What the settings of the image's opz-server say of its workers; the defaults where the registry has them no more.
  private func workers(
    _ image: Image, _ record: VersionRecord, registry: Registry
  ) async throws -> DeploymentPlan.Workers {
    try await blocking {
      guard let settings = try ServedWorker.settings(of: image, record, in: registry.store) else {
        return DeploymentPlan.Workers()
      }
      let (workers, usual) = (settings.workers, ServeSettings.Workers())
      return DeploymentPlan.Workers(
        count: workers.count, memoryBytes: workers.memoryMB.map { UInt64($0) << 20 },
        startSeconds: workers.startSeconds == usual.startSeconds ? nil : workers.startSeconds)
    }
  }

  private static func server(_ record: VersionRecord) throws -> DeploymentPlan.Server {
    try record.requireKnownRuntime()
    if let command = record.runtime.settings?["command"]?.array?.compactMap(\.string), command == ServedWorker.command {
      return .workers
    }
    return switch record.runtime.kind {
    case "native": .native
    case "model": .weights
    default: .custom
    }
  }

  /// What the last `opz test` measured: milliseconds from start to the first response, and bytes of memory; nil if it was
  /// never run.
  private func measured(_ version: Registry.Version, _ registry: Registry) async throws -> (
    ready: Int?, memory: UInt64?
  ) {
    try await blocking {
      let state = try registry.state(version.name)
      let events = try registry.events(of: version.name, version.version, in: state)
      func last(_ key: String) -> Int64? {
        events.reversed().lazy.filter { $0.kind == .tested }.compactMap { $0.details[key]?.integer }.first
      }
      return (
        last("readyMilliseconds").flatMap { Int(exactly: $0) }, last("memoryBytes").flatMap { UInt64(exactly: $0) }
      )
    }
  }
}
