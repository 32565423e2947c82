public import OpzIO
import OpzJSON
public import OpzMLflow
public import OpzOCI
import OpzProject
public import OpzRegistry
import OpzStore
import SystemPackage

/// `opz import`: imports the versions of an MLflow model registry, with tags, aliases and the metrics of their runs.
///
/// Version 3 of MLflow becomes 3.0.0. Its artifacts become a model-only image, as with `runtime: {kind: model}`. A
/// repeated import adds what is new: existing versions keep their content, tags and descriptions follow MLflow, and
/// aliases that were moved here stay.
public struct ImportMLflow: Sendable {
  /// Which MLflow registry to read, and which of its models to import under which names.
  public struct Request: Sendable {
    /// A path or a `sqlite:///` URI.
    public var database: String
    public var workspace = "default"
    /// `[PREFIX=]DIR`.
    public var artifacts: [String] = []
    /// MLflow's names of the models to import; empty for all.
    public var models: [String] = []
    /// Local names by MLflow name, for names that are invalid here or should differ.
    public var names: [String: String] = [:]
    /// Whether this is a dry run.
    public var isDryRun = false

    /// Creates a request for all models of the workspace `default`.
    ///
    /// - Parameter database: the path of MLflow's SQLite file, or a `sqlite:///` URI.
    public init(database: String) { self.database = database }
  }

  /// The outcome for one version.
  public struct Item: Sendable, Encodable {
    /// What happened to the version; `planned` is the only outcome of a dry run besides `failed`.
    public enum Outcome: String, Sendable, Encodable { case imported, existed, planned, failed }

    public let model: String
    public let number: UInt64
    /// `churn@3.0.0`
    public let reference: String
    public let outcome: Outcome
    public let digest: String?
    public internal(set) var aliases: [String]
    public let reason: String?
  }

  private let request: Request
  private let session: Session

  /// Prepares an import. Nothing is read before `run()`.
  public init(_ request: Request, in session: Session) {
    self.request = request
    self.session = session
  }

  /// Imports the requested models, each version in turn, then sets their aliases.
  ///
  /// A version that cannot be imported becomes an item with the outcome `failed` and the reason; the others are still
  /// imported.
  /// - Returns: one item for each version of the chosen models.
  /// - Throws: `MLflowError.notFound` for a requested model that MLflow does not have, `FlowError` of category
  ///   `usage` if a name is invalid here or two models would get the same one, and the errors of opening the
  ///   database or the local registry.
  public func run() async throws -> [Item] {
    let store = try MLflowStore(request.database, in: session.directory)
    let directories = try ArtifactDirectories(database: store.path, named: request.artifacts, in: session.directory)
    let all = try store.models(workspace: request.workspace)
    let names = try names(of: choose(all, store))
    if !request.isDryRun { _ = try session.createRegistry() }
    var items: [Item] = []
    for model in all {
      guard let name = names[model.name] else { continue }
      var found: [Item] = []
      for version in model.versions { found.append(await take(version, of: model, as: name, directories)) }
      try await setAliases(of: model, name, &found)
      items += found
    }
    return items
  }

  // MARK: Names

  private func choose(_ all: [MLflowStore.Model], _ store: MLflowStore) throws -> [MLflowStore.Model] {
    let known = all.map(\.name)
    for wanted in request.models + request.names.keys.sorted() where !known.contains(wanted) {
      throw MLflowError(
        .notFound, wanted, reason: "no such registered model in \(store.path)",
        hint: known.isEmpty ? nil : "it has \(known.prefix(8).joined(separator: ", "))")
    }
    return request.models.isEmpty ? all : all.filter { request.models.contains($0.name) }
  }

  private func names(of models: [MLflowStore.Model]) throws -> [String: ModelName] {
    var names: [String: ModelName] = [:]
    var nameless: [String] = []
    for model in models {
      guard let text = request.names[model.name] ?? ModelName.near(model.name) else {
        nameless.append(model.name)
        continue
      }
      names[model.name] = try ModelName(text)
    }
    let clashes = Dictionary(grouping: names.keys.sorted()) { names[$0]?.description ?? "" }.filter { $1.count > 1 }
    try requireDistinct(clashes, nameless)
    return names
  }

  /// Names everything that needs a `--name` at once.
  /// - Parameter clashes: MLflow's names by the one that they would all get here.
  private func requireDistinct(_ clashes: [String: [String]], _ nameless: [String]) throws {
    guard !clashes.isEmpty || !nameless.isEmpty else { return }
    let shared = clashes.sorted { $0.key < $1.key }.map { name, models in
      "\(models.map { "\"\($0)\"" }.joined(separator: " and ")) would be imported as \(name)"
    }
    let reasons = shared + nameless.map { "\"\($0)\" gives no valid name" }
    let options = clashes.sorted { $0.key < $1.key }.flatMap { $1.dropFirst() } + nameless
    let shown = options.prefix(8).map { "--name '\($0)=NAME'" } + (options.count > 8 ? [".."] : [])
    throw FlowError(
      .usage, request.database, reason: reasons.prefix(20).joined(separator: "; "),
      hint: "write \(shown.joined(separator: " "))")
  }

  // MARK: Versions

  private func take(
    _ version: MLflowVersion, of model: MLflowStore.Model, as name: ModelName, _ directories: ArtifactDirectories
  ) async -> Item {
    let number = SemanticVersion(major: version.number, minor: 0, patch: 0)
    func item(_ outcome: Item.Outcome, _ digest: Digest? = nil, reason: String? = nil) -> Item {
      Item(
        model: model.name, number: version.number, reference: "\(name)@\(number)", outcome: outcome,
        digest: digest?.description, aliases: [], reason: reason)
    }
    do {
      if let status = version.status, status != "READY" {
        throw MLflowError(.noArtifacts, version.location, reason: "the version's status in MLflow is \(status)")
      }
      let place = try directories.find(version.location)
      if request.isDryRun { return item(.planned) }
      let lineage = ImportMLflow.lineage(version, of: model)
      let result = try await PackageProject(try package(place, name, version: number, lineage: lineage), in: session)
        .run()
      try await follow(result.version, lineage.tags, description: version.description ?? model.description)
      return item(result.existed ? .existed : .imported, result.version.record.image.digest)
    } catch {
      let reason = (error as? any ExplainedError).map {
        [$0.reason, $0.hint].compactMap(\.self).joined(separator: "; ")
      }
      return item(.failed, nil, reason: reason ?? "\(error)")
    }
  }

  private func package(
    _ place: FilePath, _ name: ModelName, version: SemanticVersion, lineage: Lineage
  ) throws -> PackageRequest {
    let isFile = try FileStatus.of(place).kind == .file
    var request = PackageRequest(project: isFile ? place.removingLastComponent() : place)
    let model = isFile ? place.lastComponent?.string ?? "." : "."
    let path = String(decoding: try CanonicalJSON.encode(model), as: UTF8.self)
    request.configuration = (
      "opz: 1\nname: \(name)\nversion: \(version)\nmodel: {path: \(path)}\nruntime: {kind: model}\n",
      "\(name)@\(version)"
    )
    request.lineage = lineage
    return request
  }

  /// The tags to record: MLflow's own for the version and its model, the run's parameters, and the origin.
  private static func lineage(_ version: MLflowVersion, of model: MLflowStore.Model) -> Lineage {
    var tags = model.tags.merging(version.tags) { _, own in own }
    for (key, value) in version.run?.parameters ?? [:] { tags["param.\(key)"] = value }
    tags["mlflow.model"] = model.name
    tags["mlflow.version"] = "\(version.number)"
    tags["mlflow.run"] = version.run?.id
    tags["mlflow.stage"] = version.stage
    tags["mlflow.user"] = version.run?.tags["mlflow.user"]
    if let created = version.created, (0..<253_402_300_800_000).contains(created) {
      tags["mlflow.created"] = Timestamp(milliseconds: created).description
    }
    var git: Lineage.GitCommit?
    if let run = version.run, let commit = run.tags["mlflow.source.git.commit"] {
      let remote = run.tags["mlflow.source.git.repoURL"].flatMap(GitLineage.withoutCredentials)
      git = Lineage.GitCommit(
        commit: commit, branch: run.tags["mlflow.source.git.branch"], remote: remote,
        dirty: run.tags["mlflow.source.git.dirty"] == "True")
    }
    let metrics = version.run?.metrics ?? [:]
    return Lineage(git: git, metrics: metrics.isEmpty ? nil : .object(metrics), tags: tags.filter { isTag($0.key) })
  }

  private static func isTag(_ key: String) -> Bool {
    !key.isEmpty && key.utf8.count <= 128 && !key.utf8.contains { $0 < 33 || $0 == UInt8(ascii: "=") }
  }

  /// Applies what changed in MLflow since the version was recorded: tags, and the description as its card.
  private func follow(_ version: Registry.Version, _ wanted: [String: String], description: String?) async throws {
    let (registry, author) = (try session.openRegistry(), session.author)
    try await blocking {
      let state = try registry.state(version.name)
      let current = state.tags(of: version)
      let changed = wanted.filter { current[$0.key] != $0.value }
      if !changed.isEmpty { try registry.tag(version, changed.mapValues { $0 }, by: author) }
      if let description, try registry.card(of: version, in: state) != description {
        try registry.describe(version, Array(description.utf8), by: author)
      }
    }
  }

  // MARK: Aliases

  /// MLflow's aliases. If a model uses stages instead, the newest version of each stage.
  private func wantedAliases(of model: MLflowStore.Model) -> [String: UInt64] {
    var wanted: [String: UInt64] = [:]
    for version in model.versions {
      guard let stage = version.stage?.lowercased(), stage != "archived" else { continue }
      wanted[stage] = version.number
    }
    for (alias, number) in model.aliases { wanted[alias.lowercased()] = number }
    return wanted
  }

  private func setAliases(of model: MLflowStore.Model, _ name: ModelName, _ items: inout [Item]) async throws {
    for (text, number) in wantedAliases(of: model).sorted(by: { $0.key < $1.key }) {
      guard let index = items.firstIndex(where: { $0.number == number && $0.outcome != .failed }) else {
        session.progress.report(.note("\(name)@\(text) is not set: MLflow's version \(number) was not imported"))
        continue
      }
      guard let alias = AliasName(text) else {
        session.progress.report(
          .note("skipped the alias \"\(text)\" of \(name): aliases consist of letters, digits, - _ and ."))
        continue
      }
      if request.isDryRun {
        items[index].aliases.append(text)
      } else if try await set(alias, name, wanted: SemanticVersion(major: number, minor: 0, patch: 0)) {
        items[index].aliases.append(text)
      }
    }
  }

  /// Returns false if the alias names another version here, because an import does not undo a local decision, and if
  /// the version does not pass the registry's gates, because MLflow's aliases are no evidence.
  private func set(_ alias: AliasName, _ name: ModelName, wanted: SemanticVersion) async throws -> Bool {
    let registry = try session.openRegistry()
    let state = try registry.state(name)
    if let current = state.target(alias) {
      if current == wanted { return true }
      session.progress.report(
        .note(
          "\(name)@\(alias) stays at \(current); MLflow has \(wanted): opz alias \(name) \(alias) \(wanted) --expect \(current) moves it"
        ))
      return false
    }
    let version = try registry.find(LocalReference(parsing: "\(name)@\(wanted)"), in: state)
    var move = MoveAlias(version, to: alias, .plain, in: session)
    move.expected = .nothing
    move.details = [
      "source": .string("mlflow"),
      "database": .string(FilePath(request.database).lastComponent?.string ?? request.database),
    ]
    do {
      _ = try await move.run(registry)
      return true
    } catch let error as FlowError where error.category == .refused {
      session.progress.report(
        .note("\(name)@\(alias) is not set: \(error.reason); opz promote \(name)@\(wanted) --to \(alias) sets it"))
      return false
    }
  }
}
