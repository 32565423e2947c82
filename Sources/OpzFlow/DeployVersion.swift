public import OpzDeploy
import OpzIO
public import OpzLint
import OpzOCI
import OpzPackage
public import OpzRegistry
import OpzStore
public import SystemPackage

/// `opz deploy`: the Kubernetes manifests of a version.
public struct DeployVersion: Sendable {
  public struct Result: Sendable {
    public let files: [Manifests.File]
    /// The objects of the profile, one document each.
    public let stream: String
    public let remarks: [String]
    /// Whose settings these are: `settings of opz.yaml packaged at TIME (event N)`.
    public let settings: String
    /// The hash of that event; nil for the record's settings and for a file's.
    public let settingsEvent: String?
    /// What a later deploy of the same place takes the place of: `kubernetes/scoring/prod`, with `-` for no namespace.
    public let place: String
    /// What `opz lint` says of the stream.
    public let report: LintReport
  }

  private let version: Registry.Version
  private let request: DeployRequest
  private let session: Session

  public init(_ version: Registry.Version, _ request: DeployRequest, in session: Session) {
    self.version = version
    self.request = request
    self.session = session
  }

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
    let parts = [
      plan.target.rawValue, plan.namespace ?? "-", request.profile.rawValue, request.isBatch ? "batch" : nil,
    ]
    return Result(
      files: files, stream: manifests.stream, remarks: manifests.remarks,
      settings: request.settings.map { "settings of \($0.name)" } ?? source.description,
      settingsEvent: request.settings == nil ? source.event?.hash : nil,
      place: parts.compactMap { $0 }.joined(separator: "/"), report: try await lint(manifests.stream, plan))
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
        try Durable.replace(path, with: Array(file.text.utf8))
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

  /// Records the event, with the exact objects.
  public func record(_ result: Result, _ registry: Registry) async throws {
    let image = request.repository.pinned(to: version.record.image.digest).description
    var details: [String: JSONValue] = ["target": .string(request.target.rawValue), "image": .string(image)]
    details["settings"] = result.settingsEvent.map { .string($0) }
    try await blocking { [self, details] in
      try registry.deployed(
        version, Array(result.stream.utf8), place: result.place, details: details, by: session.author)
    }
  }

  /// What changes from what was deployed last in the same place; nil where nothing was.
  public func difference(_ result: Result, _ registry: Registry) async throws -> String? {
    guard let old = try await recorded(result, registry) else { return nil }
    return old.difference(to: ManifestStream(result.stream))
  }

  /// The objects that were deployed last in the same place and are no more.
  public func gone(_ result: Result, _ registry: Registry) async throws -> [ManifestStream.Document] {
    guard let old = try await recorded(result, registry) else { return [] }
    return old.gone(in: ManifestStream(result.stream))
  }

  /// Of those, what may be deleted: not a Namespace, with which all in it would go, and not a ConfigMap, with which pods of the version before
  /// start while the new ones come.
  public static func deletable(_ gone: [ManifestStream.Document]) -> [ManifestStream.Document] {
    gone.filter { !["Namespace", "ConfigMap"].contains($0.kind) }
  }

  private func recorded(_ result: Result, _ registry: Registry) async throws -> ManifestStream? {
    try await blocking { [version] in
      guard let last = try registry.state(version.name).deploys.last(where: { $0.place == result.place }) else {
        return nil
      }
      return ManifestStream(String(decoding: try registry.manifests(of: last), as: UTF8.self))
    }
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
