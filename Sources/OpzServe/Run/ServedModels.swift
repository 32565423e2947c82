import OpzFormats
import OpzIO
import OpzInference
import OpzWorkers
import Synchronization
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The models that the options name.
enum ServedModels {
  /// The settings that `--settings FILE` or OPZ_SETTINGS names; nil without either.
  /// - Throws: `SettingsError`, or what keeps the file from being read.
  static func settings(_ arguments: [String], _ environment: [String: String]) throws -> ServeSettings? {
    let isOfSeveral =
      environment["OPZ_MODELS"]?.isEmpty == false
      || arguments.contains { $0 == "--models" || $0.hasPrefix("--models=") }
    var path = isOfSeveral ? nil : environment["OPZ_SETTINGS"].flatMap { $0.isEmpty ? nil : $0 }
    for (index, argument) in arguments.enumerated() {
      if argument == "--settings", arguments.indices.contains(index + 1) { path = arguments[index + 1] }
      if argument.hasPrefix("--settings=") { path = String(argument.dropFirst("--settings=".count)) }
    }
    guard let path else { return nil }
    return try ServeSettings(
      json: SmallFile.read(FilePath(path), limit: ServeSettings.mostBytes), subject: path)
  }

  /// The repository, with all its models loaded: of workers the first of each model lives.
  /// - Throws: what keeps a model from being loaded; `ServeError` for a directory without any.
  static func load(_ options: ServerOptions, _ formats: ModelFormats, environment: [String: String]) async throws
    -> ModelRepository
  {
    let sources = try sources(options)
    let place = Place()
    let isSeveral = options.models != nil
    let loader = ModelLoader(
      formats: formats, limits: options.limits, environment: environment, reading: options.reading,
      isSeveral: isSeveral, giveUp: { giveUp($0, $1, in: isSeveral ? place.repository : nil) })
    let models = ModelRepository(
      sources, make: { try await make($0, $1, by: loader, isSeveral: isSeveral) }, becomeReady: loader.becomeReady)
    place.repository = models
    try await models.start()
    if let directory = options.models, models.loaded.models.isEmpty, options.allowLoad == nil {
      throw ServeError(
        .badModel, directory.string, reason: "it has no models",
        hint: "put each into a directory of its own, \(directory)/NAME/VERSION/; with --allow-load they may come later")
    }
    return models
  }

  private static func sources(_ options: ServerOptions) throws -> ModelSources {
    if let directory = options.models { return .directory(ModelDirectory(directory)) }
    var settings = options.settings ?? ServeSettings(model: options.model.string)
    settings.reading = options.reading
    let name = options.name ?? ModelPredictor.name(of: options.model)
    return .one(ModelSource(settings, name: name, version: options.modelVersion, place: options.model))
  }

  /// An error among several models has to say which one it is about.
  private static func make(_ source: ModelSource, _ old: ServedVersion?, by loader: ModelLoader, isSeveral: Bool)
    async throws -> ModelLoader.Made
  {
    do {
      return try await loader.load(source, replacing: old)
    } catch let error as any ExplainedError where isSeveral {
      throw ServeError(
        .badModel, "\(source.name) \(source.version)",
        reason: error.subject.isEmpty ? error.reason : "\(error.subject): \(error.reason)", hint: error.hint)
    }
  }

  /// Workers end again and again. A container that is started anew has a better chance than one that answers nothing; one
  /// that answers for other models goes on, and is not ready.
  private static func giveUp(_ source: ModelSource, _ failure: WorkerFailure, in models: ModelRepository?) {
    let subject = models == nil ? "" : "\(source.name) \(source.version): "
    printError("opz-server: \(subject)no worker lives long enough to answer: \(failure)")
    guard let models else { exit(1) }
    models.gaveUp(source, failure)
    let loaded = models.loaded.all
    if !loaded.isEmpty, loaded.allSatisfy({ !$0.model.isReady }) { exit(1) }
  }

  /// The repository that a loader is of, which is made after it.
  private final class Place: Sendable {
    private struct Held {
      weak var repository: ModelRepository?
    }

    private let held = Mutex(Held())

    var repository: ModelRepository? {
      get { held.withLock { $0.repository } }
      set { held.withLock { $0.repository = newValue } }
    }
  }
}
