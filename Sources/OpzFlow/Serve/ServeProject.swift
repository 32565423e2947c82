import OpzIO
import OpzInference
import OpzPackage
import OpzProject
import OpzWorkerFiles
public import SystemPackage

/// `opz serve` of a project whose model a Python or R worker runs: opz-server and a worker on this machine, without an
/// image.
public struct ServeProject: Sendable {
  /// What is to be started, with its files in a directory of their own.
  public struct Prepared: Sendable {
    /// The arguments of opz-server behind its path.
    public let arguments: [String]
    /// The variables of opz-server: the session's, and above them those that an image has of opz.yaml.
    public let environment: [String]
    /// What the worker runs: a change of these files calls for another start.
    public let watched: WatchedFiles
    /// To remove afterwards.
    public let temporary: FilePath
    /// The Python environment, which is not to be removed meanwhile.
    private let held: PythonEnvironments.Held?

    init(
      arguments: [String], environment: [String], watched: WatchedFiles, temporary: FilePath,
      held: PythonEnvironments.Held?
    ) {
      self.arguments = arguments
      self.environment = environment
      self.watched = watched
      self.temporary = temporary
      self.held = held
    }
  }

  private let directory: FilePath
  private let python: String?
  private let session: Session

  /// Prepares serving. Nothing is read before `prepare()`.
  /// - Parameters:
  ///   - directory: the project's.
  ///   - python: the interpreter; nil to use one with the locked packages, else the user's own.
  public init(_ directory: FilePath, python: String? = nil, in session: Session) {
    self.directory = directory
    self.python = python
    self.session = session
  }

  /// Whether a path is a project with a worker, as its opz.yaml says.
  /// - Throws: `ConfigError` for an invalid opz.yaml: it is a project, so what it says is not passed over.
  public static func isServed(_ path: FilePath, in session: Session) throws -> Bool {
    let file = path.appending("opz.yaml")
    guard try FileStatus.find(path)?.kind == .directory, try FileStatus.find(file) != nil else { return false }
    return try ConfigReader.read(file, formats: session.formats).runtime.hasWorkers
  }

  /// Writes the worker's program and the server's settings into a temporary directory.
  /// - Throws: `ConfigError` for an invalid opz.yaml; `FlowError` if there is no interpreter.
  public func prepare() async throws -> Prepared {
    // Before anything is read, so that no edit from then on is missed.
    var watched = WatchedFiles([directory.appending("opz.yaml")])
    let project = try await LoadedProject.load(PackageRequest(project: directory), session)
    project.noteModel(session.progress)
    watched.add(project.tree.files.map(\.source))
    if let data = project.config.monitor?.data { watched.add([directory.pushing(FilePath(data))]) }
    return try await blocking { [watched] in try prepare(project, watched) }
  }

  /// Writes the worker's program and its settings into a directory that `opz-server --models` reads, beside other models.
  /// - Parameter place: an empty directory.
  /// - Returns: what is to be kept while the model is served.
  func prepare(in place: FilePath) async throws -> ServedBeside {
    let project = try await LoadedProject.load(PackageRequest(project: directory), session)
    project.noteModel(session.progress)
    return try await blocking {
      var (settings, held) = try write(project, place)
      // The server is not this project's alone, so that its variables are the worker's.
      settings.worker?.environment = project.config.env.filter { $0.key != "PATH" }
      try Durable.replaceWithoutSync(place.appending("serve.json"), with: settings.json())
      return ServedBeside(name: project.config.name.description, version: settings.version ?? "1", held: held)
    }
  }

  private func prepare(_ project: LoadedProject, _ watched: WatchedFiles) throws -> Prepared {
    let config = project.config
    let temporary = try Directory.temporary(prefix: "opz-serve-")
    do {
      let (settings, held) = try write(project, temporary)
      let file = temporary.appending("serve.json")
      try Durable.replaceWithoutSync(file, with: settings.json())
      return Prepared(
        arguments: ["--settings", file.string], environment: environment(config), watched: watched,
        temporary: temporary, held: held)
    } catch {
      try? Durable.removeTree(temporary)
      throw error
    }
  }

  /// The settings, and the worker's program below a directory.
  private func write(_ project: LoadedProject, _ directory: FilePath) throws -> (
    ServeSettings, PythonEnvironments.Held?
  ) {
    let config = project.config
    let place = directory.appending("worker")
    for file in config.runtime.kind == .python ? WorkerFiles.python : WorkerFiles.r {
      let path = place.pushing(FilePath(file.path))
      try Durable.makeDirectory(path.removingLastComponent())
      try Durable.replaceWithoutSync(path, with: file.bytes)
    }
    let served = ServedWorker(config: config, tree: project.tree, contract: project.contract?.contract)
    let model = self.directory.pushing(FilePath(config.model.path)).lexicallyNormalized()
    var settings = ServeSettings(model: model.string)
    settings.name = config.name.description
    let (command, held) = try command(config, place)
    settings.worker = served.worker(command, path: place.string, code: self.directory.string)
    served.apply(to: &settings)
    return (settings, held)
  }

  /// As an image has them, but for PATH: the programs are this machine's.
  private func environment(_ config: ProjectConfig) -> [String] {
    var inside = session
    let own = config.env.merging(ServedWorker.environment(config.serve)) { $1 }
    inside.environment.merge(own.filter { $0.key != "PATH" }) { $1 }
    return inside.environmentList
  }

  private func command(_ config: ProjectConfig, _ worker: FilePath) throws -> ([String], PythonEnvironments.Held?) {
    guard config.runtime.kind == .python else {
      if config.runtime.packages != nil {
        try LocalR(session: session).noteMissing(RProject(config: config, directory: directory).wanted())
      }
      return (["Rscript", "--vanilla", worker.appending("worker.R").string], nil)
    }
    let local = LocalPython(project: directory, config: config, session: session)
    let python = try local.interpreter(named: python)
    return ([python.path.string, "-m", "opz_worker"], python.environment)
  }
}
