import OpzIO
import OpzInference
import OpzJSON
import OpzWorkers
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Settings of a server, and a model that workers run.
enum WorkerServing {
  /// The settings that `--settings FILE` or OPZ_SETTINGS names; nil without either.
  /// - Throws: `SettingsError`, or what keeps the file from being read.
  static func settings(_ arguments: [String], _ environment: [String: String]) throws -> ServeSettings? {
    var path = environment["OPZ_SETTINGS"].flatMap { $0.isEmpty ? nil : $0 }
    for (index, argument) in arguments.enumerated() {
      if argument == "--settings", arguments.indices.contains(index + 1) { path = arguments[index + 1] }
      if argument.hasPrefix("--settings=") { path = String(argument.dropFirst("--settings=".count)) }
    }
    guard let path else { return nil }
    return try ServeSettings(
      json: SmallFile.read(FilePath(path), limit: ServeSettings.mostBytes), subject: path)
  }

  /// Starts the workers; the first of them has loaded the model when this returns.
  /// - Throws: `WorkerFailure`.
  static func start(
    _ settings: ServeSettings, _ worker: ServeSettings.Worker, limits: ServerLimits, environment: [String: String]
  ) async throws -> WorkerPool {
    var own = PoolSettings(environment: environment, cores: Cores.count)
    // Below what is admitted, so that one too many gets the queue's estimate of when it is worth trying again.
    own.queueLength = max(1, limits.requestsInFlight / 4 * 3)
    own.answerBytes = max(limits.outputBudget, limits.bodyBytes)
    let pool = try WorkerPool(settings, worker, pool: own, log: { printError(line($0)) }) { failure in
      // A container that is started anew has a better chance than one that answers nothing.
      printError("opz-server: no worker lives long enough to answer: \(failure)")
      exit(1)
    }
    try await pool.start()
    return pool
  }

  /// A line of a worker as a line of the server's log.
  private static func line(_ line: WorkerLine) -> String {
    var json = JSONWriter()
    json.raw("{\"event\":\"worker\",\"worker\":")
    json.number(line.worker)
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
