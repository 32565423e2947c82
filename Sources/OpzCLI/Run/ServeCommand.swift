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
      Starts opz-server with the model of a version, or of a file or directory. Open Inference Protocol, version 2.

      opz serve churn@1.0.0 --port 8080
      curl localhost:8080/v2/models/churn
      """)

  @Argument(help: "NAME@VERSION, a model's file, or a directory that holds one.") var model: String
  @Option(help: "The address to listen on.") var host = "127.0.0.1"
  @Option(help: "The port; 0 for a free one.") var port = 8080
  @Option(help: "\(IterationsOption.help); what the version says if missing, else all.")
  var iterations: ReadingOptions.Iterations?
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let session = options.session()
    let operand = ModelOperand(model, session)
    let served = try await operand.unpacked()
    let server = try InstalledProgram.server.require(
      session.environment, install: "scripts/install PREFIX installs both")
    var arguments = [
      server.string, "--model", served.path.string, "--name", served.name, "--model-version", served.version, "--host",
      host, "--port", String(port),
    ]
    let chosen = iterations ?? served.options.iterations
    if chosen != .all { arguments += ["--iterations", chosen.rawValue] }
    if let format = served.options.format { arguments += ["--format", format] }
    guard let temporary = served.temporary else { try ProcessImage.become(arguments) }
    defer { try? Durable.removeTree(temporary) }
    let child = try ChildProcess.start(arguments)
    SignalForwarding.begin(to: child.pid)
    let status = try await blocking { child.wait() }
    if status != 0 { throw ExitCode(status) }
  }
}

/// Forwards SIGTERM, SIGINT and SIGHUP to the server, so that it drains and this process can clean up afterwards.
private enum SignalForwarding {
  // Written once, before signal handlers are installed.
  nonisolated(unsafe) private static var pid: pid_t = 0

  static func begin(to child: pid_t) {
    pid = child
    for number in [SIGTERM, SIGINT, SIGHUP] { signal(number) { kill(SignalForwarding.pid, $0) } }
  }
}
