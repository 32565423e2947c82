import ArgumentParser
import OpzFlow
import OpzFormats
import OpzIO
import OpzOCI
import OpzRegistry
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Serves models over HTTP, as an image does.",
    discussion: """
      Starts opz-server with the model of a version, or of a file or directory. Open Inference Protocol, version 2. For a \
      project whose model a Python or R worker runs, the worker is started on this machine: with the locked packages if \
      there is a lock and uv, else with the Python that is there.

      Several models, and several versions of one, are served beside each other, each with a queue of its own; --models \
      takes them from a directory, NAME/VERSION/ each. A request without a version gets the newest that is ready. With \
      --allow-load, those who send the token of its file load and unload them while the server runs.

      opz serve churn@1.0.0 --port 8080
      curl localhost:8080/v2/models/churn
      opz serve churn@1.0.0 churn@1.1.0 model.json
      opz serve --models models --allow-load token
      opz serve . --reload
      """)

  @Argument(
    help: ArgumentHelp(
      "NAME@VERSION, a model's file, or a directory that holds one or a project; several for several models.",
      valueName: "model"),
    completion: RegistryNames.referencesOrFiles) var operands: [String] = []
  @Option(help: ArgumentHelp("A directory of models, NAME/VERSION/ each, in the place of operands.", valueName: "dir"))
  var models: String?
  @Option(
    help: ArgumentHelp(
      "Let those load and unload models whose bearer token is the one of this file, which nobody else may read.",
      valueName: "file"))
  var allowLoad: String?
  @Option(help: "The address to listen on.") var host = "127.0.0.1"
  @Option(help: "The port; 0 for a free one.") var port = 8080
  @Option(help: "\(IterationsOption.help); what the version says if missing, else all.")
  var iterations: ReadingOptions.Iterations?
  @Option(help: "\(UnseenOption.help); what the version says if missing, else library.")
  var unseen: ReadingOptions.Unseen?
  @Option(help: ArgumentHelp("A project: the interpreter of the worker.", valueName: "path")) var python: String?
  @Flag(help: "A project: start again when the model, the code or opz.yaml changes.") var reload = false
  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard operands.isEmpty != (models == nil) else {
      throw ValidationError(
        models == nil ? "nothing to serve: name a model, or a directory with --models" : "--models takes no operands")
    }
  }

  func run() async throws {
    let session = options.session()
    guard operands.count == 1, let model = operands.first else { return try await serveSeveral(session) }
    let path = session.path(model)
    if !model.contains("@"), try ServeProject.isServed(path, in: session) {
      return try await serve(ServeProject(path, python: python, in: session), session)
    }
    if python != nil || reload {
      throw ValidationError("--python and --reload are for a project with a worker, and \(model) is none")
    }
    SignalForwarding.install()
    let operand = ModelOperand(model, session)
    let served = try await operand.unpacked()
    defer { if let temporary = served.temporary { try? Durable.removeTree(temporary) } }
    let server = try InstalledProgram.server.require(
      session.environment, install: "scripts/install PREFIX installs both")
    var arguments = [
      server.string, "--model", served.path.string, "--name", served.name, "--model-version", served.version, "--host",
      host, "--port", String(port),
    ]
    let chosen = iterations ?? served.options.iterations
    if chosen != .all { arguments += ["--iterations", chosen.rawValue] }
    let rule = unseen ?? served.options.unseen
    if rule != .library { arguments += ["--unseen", rule.rawValue] }
    if let format = served.options.format { arguments += ["--format", format] }
    if let settings = served.settings { arguments += ["--settings", settings.string] }
    arguments += allowing(session)
    guard served.temporary != nil else {
      SignalForwarding.uninstall()
      if SignalForwarding.shared.isStopping { return }
      try ProcessImage.become(arguments)
    }
    try await run(arguments)
  }

  /// Runs the server to its end.
  private func run(_ arguments: [String]) async throws {
    if SignalForwarding.shared.isStopping { return }
    let child = try ChildProcess.start(arguments)
    SignalForwarding.shared.begin(to: child.pid)
    let status = try await blocking { child.wait() }
    SignalForwarding.shared.end()
    if status != 0 { throw ExitCode(status) }
  }

  private func allowing(_ session: Session) -> [String] {
    allowLoad.map { ["--allow-load", session.path($0).string] } ?? []
  }

  /// Serves several models, or a directory of them.
  private func serveSeveral(_ session: Session) async throws {
    if reload || iterations != nil || unseen != nil {
      throw ValidationError("--reload, --iterations and --unseen are for one model")
    }
    let server = try InstalledProgram.server.require(
      session.environment, install: "scripts/install PREFIX installs both")
    let rest = ["--host", host, "--port", String(port)] + allowing(session)
    if let models {
      if python != nil { throw ValidationError("--python is for projects, and --models takes none") }
      try ProcessImage.become([server.string, "--models", session.path(models).string] + rest)
    }
    SignalForwarding.install()
    let prepared = try await ServeModels(operands, python: python, in: session).prepare()
    defer { prepared.remove() }
    try await run([server.string, "--models", prepared.directory.string] + rest)
  }
}

extension ServeCommand {
  /// Runs opz-server in front of a project's worker, and again after each change of its files if that was asked for.
  fileprivate func serve(_ project: ServeProject, _ session: Session) async throws {
    let server = try InstalledProgram.server.require(
      session.environment, install: "scripts/install PREFIX installs both")
    SignalForwarding.install()
    let signals = SignalForwarding.shared
    var prepared = try await project.prepare()
    defer { try? Durable.removeTree(prepared.temporary) }
    while !signals.isStopping {
      let child = try ChildProcess.start(
        [server.string] + prepared.arguments + ["--host", host, "--port", String(port)] + allowing(session),
        environment: prepared.environment)
      signals.begin(to: child.pid)
      guard let next = try await wait(child, prepared.watched, project: project) else { return }
      try? Durable.removeTree(prepared.temporary)
      prepared = next
    }
  }

  /// Waits for the end of a server.
  /// - Returns: what to start next, after a change of the project's files; nil for the end.
  private func wait(
    _ child: ChildProcess, _ files: WatchedFiles, project: ServeProject
  ) async throws -> ServeProject.Prepared? {
    let signals = SignalForwarding.shared
    var (files, next, ended) = (files, ServeProject.Prepared?.none, Int32?.none)
    while true {
      if ended == nil, let status = child.poll() {
        // Its number may be another process's from now on.
        signals.end()
        ended = status
      }
      if let status = ended, signals.isStopping || !reload {
        if let next { try? Durable.removeTree(next.temporary) }
        if status != 0 { throw ExitCode(status) }
        return nil
      }
      // A model that does not load is looked at again when a file changes.
      if ended != nil, let next { return next }
      if reload, next == nil, files.isChanged, !signals.isStopping {
        next = await again(project, &files)
        // What serves goes on until there is something to start.
        if next != nil, ended == nil { child.send(signal: SIGTERM) }
      }
      try await Task.sleep(for: .milliseconds(reload ? 200 : 50))
    }
  }

  /// What to start after a change; nil, and said, where the project is not whole, as while an editor writes opz.yaml.
  private func again(_ project: ServeProject, _ files: inout WatchedFiles) async -> ServeProject.Prepared? {
    files = files.renewed
    do {
      let prepared = try await project.prepare()
      options.note("a file changed: starting again")
      return prepared
    } catch {
      options.note("a file changed, and what was served goes on: \(error)")
      return nil
    }
  }
}
