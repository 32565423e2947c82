public import OpzDeploy
import OpzIO
import OpzJSON
public import OpzLint
import OpzOCI
import OpzPackage
public import OpzRegistry
import OpzStore
public import SystemPackage

/// `opz deploy`: the Kubernetes manifests of a version.
public struct DeployVersion: Sendable {
  /// The generated manifests, with their lint findings and the settings they were made from.
  public struct Result: Sendable {
    public let files: [Manifests.File]
    /// The objects of the profile, one document each.
    public let stream: String
    public let remarks: [String]
    /// Whose settings these are: `settings of opz.yaml packaged at TIME (event N)`.
    public let settings: String
    /// The hash of that event; nil for the record's settings and for a file's.
    public let settingsEvent: String?
    /// What a later deploy of the same place takes the place of; its cluster is not known before it is applied.
    public let place: DeployPlace
    /// What `opz lint` says of the stream.
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
  /// Nothing is written, applied or recorded, and lint errors do not throw: call `requireSound(_:)` to refuse them.
  /// - Throws: `RegistryError` where the local registry cannot be read, `DeployError` for settings that give no valid
  ///   manifests.
  public func manifests() async throws -> Result {
    let registry = try session.openRegistry()
    let (current, source) = try await current(version, registry)
    let plan = try await plan(current, registry, request.settings?.deploy)
    let other: DeploymentPlan? =
      if let beside = request.beside { try await self.plan(self.current(beside, registry).0, registry) } else { nil }
    let purpose: Manifests.Purpose = request.isBatch ? .batch : .serving(beside: other)
    let manifests = try Manifests(plan, purpose, profile: request.profile)
    let files =
      switch request.form {
      case .plain: manifests.files
      case .kustomize: try KustomizeLayout(plan, purpose).files
      case .helm: try HelmChart(plan, manifests).files
      }
    return Result(
      files: files, stream: manifests.stream, remarks: manifests.remarks + (try await namesakes(registry)),
      settings: request.settings.map { "settings of \($0.name)" } ?? source.description,
      settingsEvent: request.settings == nil ? source.event?.hash : nil,
      place: DeployPlace(namespace: plan.namespace, isBatch: request.isBatch),
      report: try await lint(manifests.stream, plan))
  }

  /// Models of the registry whose objects would have the same names.
  private func namesakes(_ registry: Registry) async throws -> [String] {
    try await blocking { [version] in
      let own = try ObjectName.of(model: version.name.description)
      // Only another character that became a dash makes two names one.
      guard own.contains("-") else { return [] }
      let others = try registry.models().filter { name in
        name != version.name && (try? ObjectName.of(model: name.description)) == own
      }
      return others.map {
        "\($0) and \(version.name) have the same names in Kubernetes (\(own)): deploy them into different namespaces"
      }
    }
  }

  /// Patches and settings can make of right objects ones that never scale: they are looked at as anybody's are.
  private func lint(_ stream: String, _ plan: DeploymentPlan) async throws -> LintReport {
    var options = LintOptions()
    options.allowed = request.allowed
    options.loadSeconds = plan.readyMilliseconds.map { Double($0) / 1000 }
    let input = LintInput(version.record.reference, Array(stream.utf8))
    return try await blocking { [options] in try Linter(options).run([input]) }
  }

  /// - Throws: `FlowError.refused` where the objects have errors.
  public func requireSound(_ result: Result) throws {
    let errors = result.report.findings.filter { $0.severity == .error }
    guard let first = errors.first else { return }
    let more = errors.count > 1 ? " (and \(errors.count - 1) more)" : ""
    throw FlowError(
      .refused, first.object, "\(first.code): \(first.message)\(more)",
      hint:
        "\(first.hint.map { "\($0); " } ?? "")opz lint --explain \(first.code) says why, --allow \(first.code) lets it pass"
    )
  }

  /// Writes the files into a directory.
  /// - Returns: YAML files beside them that are none of them and that kubectl or Helm would take along, by their paths below the directory.
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

  /// kustomize reads what a kustomization lists, and nothing else.
  private func others(_ names: [FilePath], in directory: FilePath) throws -> [String] {
    guard request.form != .kustomize else { return [] }
    let (known, parent) = (Set(names), FilePath(request.form == .helm ? "templates" : ""))
    return try Directory.entries(directory.pushing(parent)).map { parent.appending($0) }.filter {
      !known.contains($0) && ["yaml", "yml"].contains($0.extension ?? "")
    }.map(\.string).sorted()
  }

  /// Records that the objects were written, with the exact objects.
  public func record(_ result: Result, _ registry: Registry) async throws {
    try await blocking { [self] in
      try registry.deployed(
        version, Array(result.stream.utf8), place: result.place, details: details(result), by: session.author)
    }
  }

  /// Applies the objects, and records that.
  /// - Parameters:
  ///   - prunes: deletes what earlier deploys of the place left over.
  ///   - seconds: how long pods are waited for; nil for as long as the Deployments say.
  ///   - note: is told what happens, a line at a time.
  /// - Throws: `FlowError` where it was not whole.
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

  /// What changes from the last whole deploy in the same place; nil where there was none.
  public func difference(_ result: Result, _ registry: Registry) async throws -> String? {
    let (place, context) = await known(result.place)
    return try await blocking { [version] in
      let deploys = try registry.state(version.name).deploys(in: place, context: context)
      guard let last = deploys.last(where: \.isWhole) else { return nil }
      let old = ManifestStream(String(decoding: try registry.manifests(of: last), as: UTF8.self))
      return old.difference(to: ManifestStream(result.stream))
    }
  }

  /// What the cluster still has of earlier deploys of the place, and these objects do not.
  /// - Throws: `FlowError` where kubectl fails, or where an object is another model's.
  public func leftOver(_ result: Result, _ registry: Registry) async throws -> [ManifestDocument] {
    let cluster = ClusterClient(session)
    let context = try await cluster.context()
    let place = await known(result.place).place
    let earlier = try await ApplyDeploy.earlier(version.name, in: place, context: context.namespace, registry)
    return try await ApplyPlan(
      version.name, ManifestStream(result.stream), earlier: earlier, prunes: true, namespace: context.namespace, cluster
    ).leftOver
  }

  /// The place with the cluster and the namespace that kubectl would speak to, as far as they are known.
  public func known(_ place: DeployPlace) async -> (place: DeployPlace, context: String?) {
    guard let context = try? await ClusterClient(session).context(), let cluster = context.cluster else {
      return (place, nil)
    }
    var place = place.settled(in: context.namespace)
    place.cluster = cluster
    return (place, context.namespace)
  }

  /// Of what is no longer written, what may be deleted: not a Namespace, with which all in it would go, and not a ConfigMap, with which pods of the version before
  /// start while the new ones come.
  public static func deletable(_ gone: [ManifestDocument]) -> [ManifestDocument] {
    gone.filter { !["Namespace", "ConfigMap"].contains($0.kind) }
  }

  // MARK: The plan

  /// The version with its newest settings, and where they are from.
  private func current(_ version: Registry.Version, _ registry: Registry) async throws -> (
    Registry.Version, SettingsSource
  ) {
    try await blocking {
      let state = try registry.state(version.name)
      return (try registry.current(version, in: state), SettingsSource(version, in: state))
    }
  }

  private func plan(
    _ version: Registry.Version, _ registry: Registry, _ given: DeploySettings? = nil
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
      server: DeployVersion.server(record), port: port ?? 8080,
      user: image.config.config?.user ?? RuntimeSettings.defaultUser, settings: settings, target: request.target,
      namespace: request.namespace)
    plan.readyMilliseconds = try await measured(version, registry)
    let platform = record.platforms.first.flatMap { Platform($0) } ?? .host
    plan.imageBytes = record.layers.filter { $0.isPart(of: platform) }
      .reduce(0) { $0 &+ $1.descriptor.size }
    plan.modelBytes = record.files.filter { $0.role == "model" }.reduce(0) { $0 &+ $1.size }
    plan.modelFormat = record.model.flatMap { $0.format == "xgboost-json" ? "xgboost" : nil }
    plan.hasBase = record.runtime.base.map { $0 != "scratch" } ?? false
    return plan
  }

  private static func server(_ record: VersionRecord) -> DeploymentPlan.Server {
    switch record.runtime.kind {
    case "native": .native
    case "model": .weights
    default: .custom
    }
  }

  /// From the start to the first answer, as the last `opz test` measured it.
  private func measured(_ version: Registry.Version, _ registry: Registry) async throws -> Int? {
    try await blocking {
      let state = try registry.state(version.name)
      let events = try registry.events(of: version.name, version.version, in: state)
      for event in events.reversed() where event.kind == .tested {
        if case .integer(let number)? = event.details["readyMilliseconds"] { return Int(number) }
      }
      return nil
    }
  }
}
