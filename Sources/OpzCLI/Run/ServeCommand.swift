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
    commandName: "serve", abstract: "Serves a model over HTTP, as its image does.",
    discussion: """
      Starts opz-server with the model of a version, or of a file or directory. Open Inference Protocol, version 2. For a \
      project whose model a Python or R worker runs, the worker is started on this machine: with the locked packages if \
      there is a lock and uv, else with the Python that is there.

      opz serve churn@1.0.0 --port 8080
      curl localhost:8080/v2/models/churn
      opz serve . --reload
      """)

  @Argument(help: "NAME@VERSION, a model's file, or a directory that holds one or a project.") var model: String
  @Option(help: "The address to listen on.") var host = "127.0.0.1"
  @Option(help: "The port; 0 for a free one.") var port = 8080
  @Option(help: "\(IterationsOption.help); what the version says if missing, else all.")
  var iterations: ReadingOptions.Iterations?
  @Option(help: ArgumentHelp("A project: the interpreter of the worker.", valueName: "path")) var python: String?
  @Flag(help: "A project: start again when the model, the code or opz.yaml changes.") var reload = false
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let session = options.session()
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
    if let format = served.options.format { arguments += ["--format", format] }
    guard served.temporary != nil else {
      SignalForwarding.uninstall()
      if SignalForwarding.shared.isStopping { return }
      try ProcessImage.become(arguments)
    }
    if SignalForwarding.shared.isStopping { return }
    let child = try ChildProcess.start(arguments)
    SignalForwarding.shared.begin(to: child.pid)
    let status = try await blocking { child.wait() }
    SignalForwarding.shared.end()
    if status != 0 { throw ExitCode(status) }
  }
}

extension ServeCommand {
  /// Runs opz-server in front of a project's worker, and again after each change of its files if that was asked for.
  fileprivate func serve(_ project: ServeProject, _ session: Session) async throws {
    let server = try InstalledProgram.server.require(
      session.environment, install: "scripts/install PREFIX installs both")
    SignalForwarding.install()
    let signals = SignalForwarding.shared
    while true {
      let prepared = try await project.prepare()
      defer { try? Durable.removeTree(prepared.temporary) }
      if signals.isStopping { return }
      let child = try ChildProcess.start(
        [server.string] + prepared.arguments + ["--host", host, "--port", String(port)],
        environment: prepared.environment)
      signals.begin(to: child.pid)
      let before = ServeProject.changes(of: prepared.watched)
      var isChanged = false
      while true {
        if let status = child.poll() {
          signals.end()
          if isChanged || (reload && !signals.isStopping) { break }
          if status != 0 { throw ExitCode(status) }
          return
        }
        if reload, !isChanged, ServeProject.changes(of: prepared.watched) != before {
          isChanged = true
          options.note("a file changed: starting again")
          child.send(signal: SIGTERM)
        }
        try await Task.sleep(for: .milliseconds(reload ? 200 : 50))
      }
      // A model that does not load is looked at again when a file changes.
      while reload, !isChanged, !signals.isStopping, ServeProject.changes(of: prepared.watched) == before {
        try await Task.sleep(for: .milliseconds(200))
      }
      if signals.isStopping { return }
    }
  }
}
