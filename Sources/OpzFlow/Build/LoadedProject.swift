import OpzFormats
import OpzIO
import OpzJSON
import OpzOCI
import OpzPackage
import OpzProject
import OpzRegistry
import OpzStore
import SystemPackage

/// A project directory that has been read: `opz.yaml`, the model and the list of files.
struct LoadedProject: Sendable {
  let directory: FilePath
  let config: ProjectConfig
  let name: ModelName
  /// Nil means the next free version.
  let version: SemanticVersion?
  let created: Timestamp
  let tree: SourceTree
  let model: LoadedModel?
  /// The name of the model's format, which opz.yaml may give for a model that opz does not read; nil if it is unknown.
  let format: String?
  /// Set if the project, or the model in it, was saved by MLflow.
  let mlflow: MLflowModel?
  /// What callers of the model may send; nil where the project says nothing of it.
  let contract: ProjectContract?
  /// The query that makes the model's columns in a database; nil for none.
  let features: ProjectFeatures?

  static func load(_ request: PackageRequest, _ session: Session) async throws -> LoadedProject {
    try await blocking { try read(request, session) }
  }

  private static func read(_ request: PackageRequest, _ session: Session) throws -> LoadedProject {
    let created = try SourceDate.read(session.environment["SOURCE_DATE_EPOCH"])
    var overrides = request.overrides
    if let version = request.version { overrides.append("version=\"\(version)\"") }
    let mlflow = try MLflowModel(in: request.project)
    let config =
      try request.configuration.map {
        try ConfigReader.read($0.text, file: $0.file, overrides: overrides, formats: session.formats)
      }
      ?? configuration(request.project, mlflow, overrides: overrides, formats: session.formats)
    try config.checkFiles(in: request.project)
    var tree = SourceTree(project: request.project, links: config.links)
    try tree.add(model: config.model.path)
    for path in config.code { try tree.add(path, role: .code) }
    for path in config.config { try tree.add(path, role: .config) }
    for placed in config.files { try tree.add(placed) }
    try tree.settleLinks()
    let modelPath = request.project.pushing(FilePath(config.model.path)).withoutDots
    let (model, format) = try model(config, modelPath, formats: session.formats)
    let saved = try mlflow ?? MLflowModel(in: modelPath)
    try requireFunction(saved, config, path: modelPath)
    return LoadedProject(
      directory: request.project, config: config, name: config.name, version: config.version.fixed, created: created,
      tree: tree, model: model, format: format,
      mlflow: saved,
      contract: try ProjectContract(
        config, in: request.project, model: config.runtime.kind == .native ? model?.model : nil),
      features: try ProjectFeatures(config, in: request.project))
  }

  /// Reports what the model's reader has to say, as of a version that was never tried. What another program than
  /// opz-server makes of the model is not for opz to say.
  func noteModel(_ progress: any ProgressSink) {
    for note in contract?.notes ?? [] { progress.report(.note(note)) }
    if let features { progress.report(.note(features.note)) }
    guard config.runtime.kind == .native else { return }
    for note in model?.model.notes ?? [] { progress.report(.note("model: \(note)")) }
  }

  /// What MLflow itself would refuse when the container starts is refused before it is a version.
  private static func requireFunction(_ saved: MLflowModel?, _ config: ProjectConfig, path: FilePath) throws {
    guard config.isLoadedByMLflow else { return }
    let file = path.appending(MLflowModel.fileName).lexicallyNormalized().string
    guard let saved else {
      throw FlowError(.notFound, file, reason: "there is no MLmodel, and the model is to be loaded by MLflow")
    }
    guard saved.hasFunction else {
      throw FlowError(
        .failed, file, reason: "it has no flavor python_function with a loader, and MLflow loads no other",
        hint: "save the model again with mlflow.LIBRARY.save_model")
    }
  }

  /// Reads `opz.yaml`, or derives the configuration from an MLflow model's directory.
  static func configuration(
    _ directory: FilePath, _ mlflow: MLflowModel?, overrides: [String], formats: ModelFormats
  ) throws -> ProjectConfig {
    let file = directory.appending("opz.yaml")
    guard let mlflow, try FileStatus.find(file) == nil else {
      return try ConfigReader.read(file, overrides: overrides, formats: formats)
    }
    let name = ProjectStarter(directory).modelName()
    return try ConfigReader.read(
      mlflow.configuration(name: name), file: MLflowModel.fileName, overrides: overrides, formats: formats)
  }

  /// The native runtime loads the model itself, so a model that opz cannot read is an error there; other runtimes do
  /// without. A format that opz.yaml names has to be the content's for any runtime.
  private static func model(
    _ config: ProjectConfig, _ path: FilePath, formats: ModelFormats
  ) throws -> (LoadedModel?, format: String?) {
    let options = ReadingOptions(
      iterations: config.model.iterations, format: config.model.format, unseen: config.model.unseen)
    if config.runtime.kind == .native {
      let loaded = try formats.load(path, options: options)
      return (loaded, loaded.format.name)
    }
    guard config.model.isKnown else { return (nil, nil) }
    let named = try config.model.format.map { try formats.check(path, isOf: $0).name }
    let loaded = formats.find(path, options: options)
    return (loaded, loaded?.format.name ?? named)
  }

  /// How the image's server reads the model. The format of a file was checked; of a directory it says which file.
  private func readingOptions() -> ReadingOptions {
    let path = directory.pushing(FilePath(config.model.path))
    let isDirectory = (try? FileStatus.find(path))??.kind == .directory
    return ReadingOptions(
      iterations: config.model.iterations, format: isDirectory ? config.model.format : nil,
      unseen: config.model.unseen)
  }

  var runtimeKind: String { config.runtime.kind.rawValue }

  var pushTo: String? { config.push?.to }

  func bases(_ registry: Registry, _ session: Session) async throws -> BaseImages {
    var inside = session
    inside.directory = directory
    switch config.runtime.kind {
    case .native:
      let bases = try await BaseImages.native(config.platforms, registry, session: session)
      if let model {
        try bases.requireReading(
          model.format.name, graph: model.model.graphVersion, options: readingOptions(), in: session)
      }
      if contract != nil { try bases.requireContract(in: session) }
      return bases
    case .model where config.runtime.base == nil: return try .scratch(config.platforms)
    case .custom, .model, .python, .r:
      if config.runtime.kind == .python, config.base == nil { throw PythonEnvironment.missingBase }
      let base = config.base ?? "scratch"
      let lock = try ProjectLock.read(in: directory)
      let pinned = lock?.bases[base]
      if let lock, !lock.bases.isEmpty, pinned == nil, base != "scratch" {
        session.progress.report(
          .note(
            "warning: opz.lock pins another base, so the current digest of \(base) is used; opz lock \(directory) pins it"
          ))
      }
      let bases = try await BaseImages.custom(
        base, pinned: pinned, config.platforms, registry: registry, session: session, project: inside)
      try ImageProgram(project: self).require(in: bases)
      return bases
    }
  }

  var settings: RuntimeSettings {
    let kind = config.runtime.kind
    var environment = config.env
    if kind == .native {
      environment["OPZ_MODEL_NAME"] = name.description
      environment.merge(readingOptions().environment) { $1 }
      if contract != nil { environment[ServedContract.variable] = "/\(ServedWorker.Place.settings)" }
    }
    if kind == .python, environment["PYTHONUSERBASE"] == nil {
      environment["PYTHONUSERBASE"] = "/\(PythonProject.prefix)"
    }
    let serves = kind != .model
    var command = config.runtime.command.isEmpty ? nil : config.runtime.command
    if config.runtime.hasWorkers {
      command = ServedWorker.command
      environment.merge(ServedWorker.environment(config.serve)) { $1 }
    }
    return RuntimeSettings(
      command: command,
      user: config.runtime.user ?? RuntimeSettings.defaultUser,
      expose: config.runtime.expose.isEmpty && serves ? [8080] : config.runtime.expose, environment: environment,
      hasApplication: tree.files.contains { $0.role == .code || $0.role == .config },
      programs: kind == .python ? "/\(PythonProject.prefix)/bin" : nil,
      stopSignal: config.runtime.hasWorkers ? "SIGTERM" : nil,
      initProgram: InitProgram.isIn(config) ? InitProgram.path : nil)
  }

  /// Plans the layers of the project's own files in image order, and reports files that a base's links redirect.
  func layers(
    _ environment: PackageEnvironment, on bases: BaseImages, _ registry: Registry, session: Session
  ) async throws -> (layers: [PlannedLayer], moves: [BasePlacement.Move]) {
    var placements: [(platform: Platform, placement: BasePlacement)] = []
    for base in bases.bases {
      placements.append((base.platform, try await bases.placement(on: base.image, registry, session)))
    }
    for (base, (_, placement)) in zip(bases.bases, placements) {
      let files = try placement.place(tree.files).files
      let note = ImageProgram(project: self).note(
        files, hasWheels: environment.python != nil && !environment.layers.isEmpty, on: base, placement)
      guard let note else { continue }
      session.progress.report(.note(note))
      break
    }
    var files = tree.files
    if let features { files.append(try await blocking { try features.file(in: registry) }) }
    if let contract, !config.runtime.hasWorkers {
      files.append(try await blocking { try ServedContract(contract.contract).file(in: registry) })
    }
    let (compression, ready) = (config.compression, placements)
    guard config.runtime.hasWorkers else {
      let inits = InitProgram.isIn(config) ? try await InitProgram.layers(config.platforms, in: registry) : []
      let placed = try await blocking { [files] in
        try BasePlacement.layers(files, environment: environment.layers, compression: compression, on: ready)
      }
      return (inits + placed.layers, placed.moves)
    }
    let servers = try await ServedWorker.serverLayers(
      config.platforms, registry, session: session, keepsContract: contract != nil)
    let served = ServedWorker(config: config, tree: tree, contract: contract?.contract)
    let placed = try await blocking { [files] in
      let own = try served.files(python: environment.python, in: registry)
      return try BasePlacement.layers(
        files + own, environment: environment.layers, compression: compression, on: ready)
    }
    return (servers + placed.layers, placed.moves)
  }

  /// The packages that a Python or R runtime adds to its base; empty for other runtimes.
  func environment(
    on bases: BaseImages, fetching: Bool = true, _ registry: Registry, _ session: Session
  ) async throws -> PackageEnvironment {
    switch config.runtime.kind {
    case .python:
      try await PythonEnvironment.load(
        PythonProject(config: config, directory: directory), on: bases, fetching: fetching, registry, session: session)
    case .r where config.runtime.packages != nil:
      try await DebianEnvironment.load(
        RProject(config: config, directory: directory), on: bases, fetching: fetching, registry, session: session)
    case .r, .native, .custom, .model: PackageEnvironment()
    }
  }

  func modelPack(_ version: SemanticVersion, _ lineage: Lineage) -> ModelPack.Description {
    ModelPack.Description(
      name: name.description, version: version.description, created: created.seconds, format: format,
      source: lineage.git?.remote, revision: lineage.git?.commit)
  }

  func modelRecord() throws -> VersionRecord.Model? {
    if let mlflow { return VersionRecord.Model(format: "mlflow", signature: mlflow.signature) }
    guard let model else {
      return VersionRecord.Model(format: format ?? config.serve?.loader?.rawValue ?? "unknown", signature: nil)
    }
    return VersionRecord.Model(format: model.format.name, signature: try JSONValue(encoding: model.model.signature))
  }

  func deploySettings() throws -> JSONValue? {
    try config.deploy.map { try JSONValue(encoding: $0) }
  }

  func lineage(_ session: Session) async throws -> Lineage {
    let git = try await GitLineage.find(directory, environment: session.environmentList)
    let (directory, config) = (directory, config)
    return try await blocking {
      var data: [Lineage.DataFile] = []
      for path in config.lineage.data {
        let (digest, size) = try TreeDigest.of(directory.pushing(FilePath(path)).withoutDots)
        data.append(Lineage.DataFile(path: path, digest: digest, size: size))
      }
      var metrics: JSONValue?
      if let path = config.lineage.metrics {
        let file = directory.pushing(FilePath(path)).withoutDots
        metrics = try CanonicalJSON.decode(
          JSONValue.self, from: SmallFile.read(file, limit: 1 << 20), subject: file.string)
      }
      return Lineage(git: git, data: data, metrics: metrics, parent: config.lineage.parent, tags: config.lineage.tags)
    }
  }

  /// Stores the files next to the model that `opz test` compares with.
  func storeTests(in store: LayoutStore) throws -> [VersionRecord.TestFile] {
    try testFiles { blob in
      let writer = try store.ingest(expecting: blob.size)
      try blob.forEachChunk { try writer.write($0) }
      return try writer.commit(RecordArtifact.testType)
    }
  }

  /// Digests the same files without storing them.
  func tests() throws -> [VersionRecord.TestFile] {
    try testFiles { blob in
      var hasher = DigestHasher(.sha256)
      try blob.forEachChunk { hasher.update($0) }
      return Descriptor(mediaType: RecordArtifact.testType, digest: hasher.finish(), size: blob.size)
    }
  }

  private func testFiles(_ descriptor: (any Blob) throws -> Descriptor) throws -> [VersionRecord.TestFile] {
    // The model of a project whose directory it is lies beside itself.
    let model = directory.pushing(FilePath(config.model.path)).lexicallyNormalized()
    let beside = model == directory.lexicallyNormalized() ? directory : model.removingLastComponent()
    var found: [VersionRecord.TestFile] = []
    for name in TestFiles.beside where name != TestFiles.example || config.runtime.hasWorkers {
      let path = beside.appending(name)
      guard let status = try FileStatus.find(path), status.kind == .file else { continue }
      found.append(
        VersionRecord.TestFile(name: name, descriptor: try descriptor(FileBlob(path, size: status.size))))
    }
    if let test = config.test {
      let blob = BytesBlob(try CanonicalJSON.encode(test))
      found.append(VersionRecord.TestFile(name: TestFiles.settings, descriptor: try descriptor(blob)))
    }
    if let profile = contract?.profile {
      let blob = BytesBlob(try CanonicalJSON.encode(profile))
      found.append(VersionRecord.TestFile(name: TestFiles.profile, descriptor: try descriptor(blob)))
    }
    return found
  }
}
