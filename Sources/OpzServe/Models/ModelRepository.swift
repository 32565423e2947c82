import OpzIO
import OpzInference
import OpzWorkers
import Synchronization

/// The models of a server: which version answers a request, and how they come and go.
///
/// A version is made whole, and ready, before it takes the place of another; requests that have begun keep theirs.
final class ModelRepository: Sendable {
  /// Makes a version; what it throws is why the version cannot be loaded.
  typealias Make = @Sendable (_ source: ModelSource, _ old: ServedVersion?) async throws -> ModelLoader.Made

  struct State {
    /// What the directory had when it was last looked at, and could not be loaded or was not asked for.
    var known: [ModelSource] = []
    /// Names of models that are being loaded.
    var loading: Set<String> = []
    /// Why the last load of a version failed.
    var failures: [ModelKey: String] = [:]
    /// Names of models that were unloaded.
    var unloaded: Set<String> = []
    /// What was counted, also of versions that are not loaded now: a counter never goes back.
    var metrics: [ModelKey: Metrics] = [:]
    var isStopping = false
  }

  /// Whether metrics and logs say which model they are of: a server that was started for one has no such labels.
  let isSeveral: Bool
  /// Counts requests; and where there is one model, what it counts.
  let metrics = Metrics()
  let sources: ModelSources
  let state = Mutex(State())
  private let table = Mutex(ModelTable())
  private let make: Make
  /// Waits until a version is ready.
  private let becomeReady: @Sendable (ModelLoader.Made) async throws -> Void
  private let endings = Endings()
  private let turns = Turns()

  /// A repository in which nothing is loaded yet.
  init(
    _ sources: ModelSources, make: @escaping Make,
    becomeReady: @escaping @Sendable (ModelLoader.Made) async throws -> Void = { _ in }
  ) {
    self.sources = sources
    self.make = make
    self.becomeReady = becomeReady
    isSeveral = if case .directory = sources { true } else { false }
  }

  /// A repository with models that are there already.
  init(_ models: [ServedModel], isSeveral: Bool = false) {
    self.isSeveral = isSeveral
    sources = .none
    make = { source, _ in throw ModelRepository.missing(source.name) }
    becomeReady = { _ in }
    for (name, models) in Dictionary(grouping: models, by: \.name) {
      let versions = models.map { ServedVersion($0, metrics: counts(of: ModelKey(name: $0.name, version: $0.version))) }
      _ = table.withLock { $0.replace(name, with: versions) }
    }
  }

  // MARK: What answers

  /// What is loaded now.
  var loaded: ModelTable { table.withLock { $0 } }

  /// The version that answers a request; see `ModelTable.find`.
  func find(_ name: String, _ version: String?) throws -> ServedVersion {
    let table = loaded
    if table.models[name] == nil, isKnown(name) {
      throw RequestFailure(404, "the model '\(name.prefix(200))' is not loaded")
    }
    return try table.find(name, version)
  }

  /// Whether all that is loaded answers. What was unloaded was meant to be.
  var isReady: Bool { loaded.models.values.allSatisfy { $0.allSatisfy(\.model.isReady) } }

  /// Whether there is a model of this name that is not loaded.
  func isKnown(_ name: String) -> Bool {
    state.withLock { state in state.known.contains { $0.name == name } || state.unloaded.contains(name) }
  }

  private func counts(of key: ModelKey) -> Metrics {
    guard isSeveral else { return metrics }
    return state.withLock { state in
      if let known = state.metrics[key] { return known }
      let made = Metrics()
      state.metrics[key] = made
      return made
    }
  }

  // MARK: What is loaded

  /// Loads all that is there, when the server starts.
  /// - Throws: what keeps one of the models from being loaded.
  func start() async throws {
    let found = try await lookUp()
    for (name, sources) in Dictionary(grouping: found, by: \.name).sorted(by: { $0.key < $1.key }) {
      var versions: [ServedVersion] = []
      for source in sources { versions.append(try await version(source, replacing: nil)) }
      put(versions, as: name)
    }
  }

  /// Loads a model, all its versions, also those that serve: they are replaced at once when all are ready.
  /// - Throws: `RequestFailure`: 404 where there is none of this name, 422 where it cannot be loaded, and then what
  ///   served goes on.
  func load(_ name: String) async throws {
    let began = ContinuousClock.now
    try await turns.run("name \(name)") {
      // One model at a time, so that what fits into the memory is decided for one after the other.
      try await turns.run("load") { try await loadNow(name) }
    }
    note("load", name, began: began)
  }

  private func loadNow(_ name: String) async throws {
    let sources: [ModelSource]
    do {
      sources = try await lookUp().filter { $0.name == name }
    } catch {
      throw RequestFailure(500, "the directory of the models cannot be read: \(PrintableText.line("\(error)"))")
    }
    guard !sources.isEmpty else { throw ModelRepository.missing(name) }
    state.withLock { _ = $0.loading.insert(name) }
    defer { state.withLock { _ = $0.loading.remove(name) } }
    let before = loaded.models[name] ?? []
    var versions: [ServedVersion] = []
    for source in sources {
      do {
        versions.append(
          try await version(source, replacing: before.first { $0.model.version == source.version }, isWaiting: true))
      } catch {
        let reason = String("\(error)".prefix(2000))
        state.withLock { $0.failures[source.key] = reason }
        note("load", name, began: nil, error: reason)
        throw RequestFailure(422, "\(name) \(source.version) was not loaded: \(reason)")
      }
    }
    guard put(versions, as: name) else { throw RequestFailure(503, "the server is stopping") }
  }

  /// Unloads a model. Requests that it has are answered; it gets no others.
  /// - Throws: `RequestFailure` with 404 where there is none of this name.
  func unload(_ name: String) async throws {
    try await turns.run("name \(name)") {
      let versions = table.withLock { $0.replace(name, with: []) }
      guard !versions.isEmpty else {
        guard isKnown(name) else { throw ModelRepository.missing(name) }
        return
      }
      state.withLock { state in
        state.unloaded.insert(name)
        state.failures = state.failures.filter { $0.key.name != name }
      }
      note("unload", name, began: nil)
    }
  }

  /// Makes a version.
  /// - Parameter isWaiting: whether it has to be ready, because another serves meanwhile.
  private func version(
    _ source: ModelSource, replacing old: ServedVersion?, isWaiting: Bool = false
  ) async throws -> ServedVersion {
    let made = try await make(source, old)
    let version = ServedVersion(made.model, metrics: counts(of: source.key), endings: endings, end: made.end)
    if isWaiting { try await becomeReady(made) }
    return version
  }

  /// Lets versions serve in the place of those before them.
  /// - Returns: false where the server stops.
  @discardableResult
  private func put(_ versions: [ServedVersion], as name: String) -> Bool {
    let isStopping = state.withLock { state in
      state.unloaded.remove(name)
      state.failures = state.failures.filter { $0.key.name != name }
      return state.isStopping
    }
    guard !isStopping else { return false }
    // Released when this returns, and not while the lock is held.
    let before = table.withLock { $0.replace(name, with: versions) }
    withExtendedLifetime(before) {}
    return true
  }

  /// Looks at what can be loaded.
  func lookUp() async throws -> [ModelSource] {
    let found = try await blocking { [sources] in try sources.all() }
    let keys = Set(found.map(\.key) + loaded.all.map { ModelKey($0) })
    state.withLock { state in
      state.known = found
      state.metrics = state.metrics.filter { keys.contains($0.key) }
    }
    return found
  }

  /// Looks again at what can be loaded, where that may have changed; what is known is kept where it cannot be looked at.
  func refresh() async {
    guard case .directory = sources else { return }
    _ = try? await lookUp()
  }

  /// The models that a description of the server has: of each the version that answers.
  func described() -> [ServedModel] {
    let table = loaded
    return table.names.compactMap { try? table.find($0, nil).model }
  }

  /// Workers of a version end again and again: it answers nothing until it is loaded anew.
  func gaveUp(_ source: ModelSource, _ failure: WorkerFailure) {
    state.withLock { $0.failures[source.key] = "no worker lives long enough to answer: \(failure)" }
  }

  /// Ends all that is loaded. No request may be in flight.
  func stop() async {
    state.withLock { $0.isStopping = true }
    for name in loaded.names {
      let versions = table.withLock { $0.replace(name, with: []) }
      withExtendedLifetime(versions) {}
    }
    await endings.wait()
  }

  static func missing(_ name: String) -> RequestFailure {
    RequestFailure(404, "there is no model '\(name.prefix(200))'")
  }
}
