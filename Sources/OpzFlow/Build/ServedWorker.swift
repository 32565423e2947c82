import OpzArchive
import OpzFormats
import OpzIO
import OpzInference
import OpzOCI
import OpzPackage
import OpzProject
import OpzRegistry
import OpzStore
import OpzWorkerFiles
import SystemPackage

/// opz-server in front of a Python or R model, as an image has it: the server, the worker's program and the settings that
/// join them. All three are content of the image.
struct ServedWorker: Sendable {
  /// Where the parts are in an image.
  enum Place {
    static let server = "/opz-server"
    static let settings = FilePath("opt/opz/serve.json")
    static let worker = FilePath("opt/opz/worker")
    static let code = "/app"
  }

  /// The command of such an image.
  static let command = [Place.server, "--settings", "/\(Place.settings)"]

  let config: ProjectConfig
  /// The project's files: whether there is a predict.py among them decides how the model is loaded.
  let tree: SourceTree
  /// What callers may send; nil for whatever the model takes.
  let contract: Contract?

  /// Whether a version's image has opz-server in front of workers.
  static func isIn(_ image: Image) -> Bool { image.config.config?.entrypoint == command }

  /// The settings of the server in an image; nil where the registry has not the layer that they are in.
  /// - Throws: `SettingsError`, `ArchiveError`, or what keeps the layer from being read.
  static func settings(of image: Image, _ record: VersionRecord, in store: LayoutStore) throws -> ServeSettings? {
    let own = Set(record.layers.filter { $0.role == LayerRole.config.rawValue }.map(\.descriptor.digest))
    let layers = try image.layers.filter { try own.contains($0.descriptor.digest) && store.has($0.descriptor) }
    guard !layers.isEmpty else { return nil }
    let stack = LayerStack(
      try layers.map { try StoredLayer($0.descriptor, try store.file($0.descriptor), diffID: $0.diffID) })
    return try ServeSettings(
      json: stack.bytes(Place.settings, limit: ServeSettings.mostBytes), subject: "/\(Place.settings)")
  }

  private var isPython: Bool { config.runtime.kind == .python }

  /// The settings of the server in an image.
  /// - Parameter python: the version of the base's Python, `3.11`; nil for R.
  func settings(python: String?) -> ServeSettings {
    var settings = ServeSettings(model: model)
    settings.name = config.name.description
    // env finds the program in PATH, wherever the base has it, and becomes it.
    let program =
      isPython
      ? ["/usr/bin/env", "python\(python ?? "3")", "-m", "opz_worker"]
      : ["/usr/bin/env", "Rscript", "--vanilla", "/\(Place.worker)/worker.R"]
    settings.worker = worker(program, path: "/\(Place.worker)", code: Place.code)
    apply(to: &settings)
    return settings
  }

  /// The worker with the project's loader and code.
  /// - Parameters:
  ///   - path: the directory of the worker's program.
  ///   - code: the directory that the project's code is in, of the image or on this machine.
  func worker(_ command: [String], path: String, code: String) -> ServeSettings.Worker {
    var worker = ServeSettings.Worker(isPython ? .python : .r, command: command)
    worker.path = path
    worker.loader = config.serve?.loader?.rawValue
    let script = isPython ? "predict.py" : "predict.R"
    if tree.files.contains(where: { $0.role == .code }) { worker.code = code }
    if tree.files.contains(where: { $0.role == .code && $0.destination == FilePath("app/\(script)") }) {
      worker.predict = "\(code)/\(script)"
    }
    return worker
  }

  /// Sets what `serve` of opz.yaml says.
  func apply(to settings: inout ServeSettings) {
    settings.contract = contract
    if let workers = config.serve?.workers {
      settings.workers.count = workers.count ?? settings.workers.count
      settings.workers.memoryMB = workers.memory
      settings.workers.startSeconds = workers.startSeconds ?? settings.workers.startSeconds
      settings.workers.forks = workers.forks ?? settings.workers.forks
      settings.workers.requestSeconds = workers.requestSeconds ?? settings.workers.requestSeconds
    }
    if let batch = config.serve?.batch {
      settings.batch.rows = batch.rows ?? settings.batch.rows
      settings.batch.waitMilliseconds = batch.waitMilliseconds ?? settings.batch.waitMilliseconds
    }
  }

  /// Where the model is in an image: a file below /models, or /models for a directory.
  private var model: String {
    let files = tree.files.filter { $0.role == .model }
    guard files.count == 1, case .file = files[0].kind, files[0].destination.components.count == 2,
      FilePath(config.model.path).lastComponent == files[0].destination.lastComponent
    else { return "/models" }
    return "/\(files[0].destination)"
  }

  /// Variables of the server that settings have no place for.
  static func environment(_ serve: ServeSection?) -> [String: String] {
    var environment: [String: String] = [:]
    environment["OPZ_MAX_REQUESTS"] = serve?.limits?.requests.map(String.init)
    environment["OPZ_MAX_BODY_BYTES"] = serve?.limits?.body.map { String($0 << 20) }
    return environment
  }

  // MARK: Files

  /// The worker's program and the settings as files of the image. They are written into the registry's cache, where
  /// layers are made of files.
  func files(python: String?, in registry: Registry) throws -> [SourceFile] {
    let program = isPython ? WorkerFiles.python : WorkerFiles.r
    let cache = registry.cacheDirectory.appending("served")
    let own = try program.map {
      try ServedWorker.file($0.bytes, at: Place.worker.pushing(FilePath($0.path)), role: .server, cache)
    }
    return own + [try ServedWorker.file(settings(python: python).json(), at: Place.settings, role: .config, cache)]
  }

  static func file(
    _ bytes: [UInt8], at destination: FilePath, role: LayerRole, _ cache: FilePath
  ) throws -> SourceFile {
    let directory = cache.appending(Digest.of(bytes).hex)
    let name = destination.lastComponent ?? "file"
    let path = directory.appending(name)
    if try FileStatus.find(path)?.size != UInt64(bytes.count) {
      try Durable.makeDirectory(directory)
      try Durable.replace(path, with: bytes)
    }
    return SourceFile(
      role: role, in: directory, name: name, destination: destination, kind: .file(size: UInt64(bytes.count)),
      mode: 0o644,
      status: try FileStatus.of(path))
  }

  /// The layers with opz-server of the pinned runtimes: the same blobs as in native images.
  /// - Throws: `FlowError` of category `conflict` for a runtime that has no workers.
  /// - Parameter keepsContract: whether the project has a contract, which an older server would refuse to start with.
  static func serverLayers(
    _ platforms: [Platform], _ registry: Registry, session: Session, keepsContract: Bool
  ) async throws -> [PlannedLayer] {
    var layers: [PlannedLayer] = []
    for platform in platforms {
      let image = try await RuntimeImport.ensure(platform, registry: registry, session: session)
      let mark = RuntimeMark(labels: image.config.config?.labels ?? [:])
      guard mark.workers >= 1, !keepsContract || mark.contract >= 1 else {
        let what = mark.workers >= 1 ? "contracts" : "workers of Python and R"
        throw FlowError(
          .conflict, "opz-runtime for \(platform)", reason: "the pinned runtime is older than \(what)",
          hint: "opz runtime import PATH-OF-OPZ-SERVER pins another; versions that exist keep theirs")
      }
      layers += image.layers.map {
        let source = LayerSource.StoredSource($0, title: "opz-server", compressor: "opz-runtime")
        return PlannedLayer(
          role: .server, source: .stored(source), compression: .gzip, platform: platforms.count > 1 ? platform : nil)
      }
    }
    return layers
  }
}

/// The settings of opz-server in a native image, which has a file of them only for its contract.
struct ServedContract: Sendable {
  /// Where the server looks for the file's name.
  static let variable = "OPZ_SETTINGS"

  private let contract: Contract

  init(_ contract: Contract) { self.contract = contract }

  /// The settings of a server with this model.
  func settings(model: String) -> ServeSettings {
    var settings = ServeSettings(model: model)
    settings.contract = contract
    return settings
  }

  /// The file in the image.
  func file(in registry: Registry) throws -> SourceFile {
    try ServedWorker.file(
      settings(model: "/models").json(), at: ServedWorker.Place.settings, role: .config,
      registry.cacheDirectory.appending("served"))
  }
}
