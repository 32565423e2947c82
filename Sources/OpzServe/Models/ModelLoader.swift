import OpzFormats
import OpzIO
import OpzInference
import OpzJSON
import OpzWorkers
import Synchronization
import SystemPackage

/// Makes what answers requests of a version, on threads of its own.
struct ModelLoader: Sendable {
  /// A model that is ready, and what ends the processes that it runs on.
  struct Made: Sendable {
    let model: ServedModel
    var end: (@Sendable () async -> Void)?
  }

  let formats: ModelFormats
  let limits: ServerLimits
  let environment: [String: String]
  /// How models are read whose settings do not say it.
  let reading: ReadingOptions
  /// Whether the log says which model a worker runs.
  let isSeveral: Bool
  /// Called once for each version whose workers all end again and again.
  let giveUp: @Sendable (ModelSource, WorkerFailure) -> Void
  let pools = PoolMemory()

  /// Makes the model of a version.
  /// - Parameter old: the version that it will replace, whose workers say how much memory they need.
  /// - Throws: what keeps the model from being loaded; nothing of it is left then.
  func load(_ source: ModelSource, replacing old: ServedVersion?) async throws -> Made {
    let settings = try source.settings.get()
    guard let worker = settings.worker else {
      let model = try await blocking { [self] in try native(source, settings) }
      return Made(model: model)
    }
    if case .remote(let predictor)? = old?.model.backend, let running = predictor as? WorkerPool {
      try await blocking { [pools] in try pools.check(beside: running) }
    }
    let pool = try pool(of: source, settings, worker)
    pools.add(pool)
    try await pool.start()
    let model = ServedModel(name: source.name, version: source.version, remote: pool, contract: settings.contract)
    return Made(model: model) { await pool.stop(seconds: 0) }
  }

  /// Waits until a version is ready that is to replace another.
  func becomeReady(_ made: Made) async throws {
    guard case .remote(let predictor) = made.model.backend, let pool = predictor as? WorkerPool else { return }
    do {
      try await pool.becomeReady()
    } catch {
      await pool.stop(seconds: 0)
      throw error
    }
  }

  private func native(_ source: ModelSource, _ settings: ServeSettings) throws -> ServedModel {
    let predictor = ModelPredictor(
      try formats.load(FilePath(settings.model), options: settings.reading ?? reading))
    let model = ServedModel(
      name: source.name, version: source.version, predictor: predictor, contract: settings.contract)
    // The first request finds in memory what the later ones do. A model may refuse the row: that is no failure of it.
    if let body = try? CanonicalJSON.encode(OpenAPIDocument(model: model).exampleRequest) {
      _ = try? model.infer(Exchange(body, OpenInferenceDialect(jsonCount: nil)), limits)
    }
    return model
  }

  private func pool(of source: ModelSource, _ settings: ServeSettings, _ worker: ServeSettings.Worker) throws
    -> WorkerPool
  {
    var own = PoolSettings(environment: environment, cores: Cores.count)
    // Below what is admitted, so that one too many gets the queue's estimate of when it is worth trying again.
    own.queueLength = max(1, limits.requestsInFlight / 4 * 3)
    own.answerBytes = max(limits.outputBudget, limits.bodyBytes)
    own.otherBytes = { [pools] in pools.bytes(without: $0) }
    let key = isSeveral ? source.key : nil
    return try WorkerPool(
      settings, worker, pool: own, log: { printError(ModelLoader.line($0, of: key)) },
      giveUp: { [giveUp] in giveUp(source, $0) })
  }

  /// A line of a worker as a line of the server's log.
  private static func line(_ line: WorkerLine, of key: ModelKey?) -> String {
    var json = JSONWriter()
    json.raw("{\"event\":\"worker\",\"worker\":")
    json.number(line.worker)
    if let key {
      json.raw(",\"model\":")
      json.string(key.name)
      json.raw(",\"version\":")
      json.string(key.version)
    }
    json.raw(",\"stream\":")
    json.string(line.stream)
    if !line.requests.isEmpty {
      json.raw(",\"requests\":")
      json.strings(line.requests)
    }
    json.raw(",\"text\":")
    json.string(line.text)
    json.raw("}")
    return String(decoding: PrintableText.json(json.bytes), as: UTF8.self)
  }
}

/// The pools of a server, whose workers share one memory limit.
final class PoolMemory: Sendable {
  private struct Entry {
    weak var pool: WorkerPool?
  }

  private let entries = Mutex<[Entry]>([])

  init() {}

  func add(_ pool: WorkerPool) {
    entries.withLock { entries in
      entries.removeAll { $0.pool == nil }
      entries.append(Entry(pool: pool))
    }
  }

  private var pools: [WorkerPool] { entries.withLock { $0.compactMap(\.pool) } }

  /// Bytes of the workers of all pools but one.
  func bytes(without own: WorkerPool) -> Int {
    pools.filter { $0 !== own }.reduce(0) { $0.plus($1.memoryBytes) }
  }

  /// Refuses another pool of the same model beside one that serves, where both do not fit into the memory.
  /// - Throws: `WorkerFailure`.
  func check(beside running: WorkerPool) throws {
    guard let limit = running.memoryLimit else { return }
    let needed = running.measuredBytes()
    let all = pools.reduce(needed) { $0.plus($1 === running ? needed : $1.memoryBytes) }
    guard all > limit / 10 * 9 else { return }
    throw WorkerFailure(
      .memory, "workers",
      reason: "the new ones would need \(needed >> 20) MiB beside those that serve, \(all >> 20) MiB in all, and the "
        + "memory limit is \(limit >> 20) MiB",
      hint: "unload the model first, or raise the memory limit")
  }
}
