import OpzHTTPServer
import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The program `opz-hub`.
public struct HubCommand: Sendable {
  public static let version = "0.1.0"

  /// Seconds that requests in flight have after SIGTERM. Acknowledged content is on disk, and interrupted pushes can
  /// be resumed.
  private static let stopSeconds = 10

  private let signals: StopSignals

  /// Installs the signal handlers. Call it first in the program, so that SIGTERM is not lost.
  public init() { signals = StopSignals(program: "opz-hub") }

  /// Runs the program until a signal ends it.
  /// - Returns: the exit code: 0 after a signal, 1 for a failure, 64 for wrong usage.
  public func run(arguments: [String]) async -> Int32 {
    do {
      let options = try HubOptions(arguments: arguments)
      switch options.action {
      case .help: try StandardOutput.write(Array("\(HubOptions.help)\n".utf8))
      case .list: try StandardOutput.write(Array("\(HubCommand.list())\n".utf8))
      case .version: try StandardOutput.write(Array("opz-hub \(HubCommand.version)\n".utf8))
      case .serve: try await serve(options)
      }
      return 0
    } catch let failure as IOFailure where StandardOutput.isClosed(failure) {
      return 0
    } catch {
      say("opz-hub: \(error)")
      return (error as? any ExplainedError)?.category == .usage ? 64 : 1
    }
  }

  private func serve(_ options: HubOptions) async throws {
    var registry = try await blocking { try Registry.create(options.registry) }
    registry.isSingleHost = getenv("OPZ_ONE_HOST").map { String(cString: $0) } == "1"
    let plan = try options.faults.map(FaultPlan.read)
    let hub = try RegistryResponder(registry)
    let server = try await HubCommand.listen(options.host, options.port)
    signals.follow(
      StopSignals.Plan(
        drain: {}, drainSeconds: 0, stop: { server.stop() }, stopSeconds: HubCommand.stopSeconds))
    // One line for the log, from which a parent process learns the port.
    let ready = JSONValue.object([
      "event": .string("ready"), "host": .string(server.host), "port": .integer(Int64(server.port)),
      "registry": .string(options.registry.string),
    ])
    say(String(decoding: PrintableText.json(try CanonicalJSON.encode(ready)), as: UTF8.self))
    await server.run(HubService(responder: plan.map { Rehearsal($0, before: hub) } ?? hub))
  }

  static func listen(_ host: String, _ port: Int, limits: HubLimits = HubLimits()) async throws -> HTTPServer {
    do {
      return try await HTTPServer(host: host, port: port, limits: limits.http)
    } catch let error as IOFailure {
      throw HubError(
        .cannotListen, "\(host):\(port)", reason: error.errno == 0 ? error.reason : IOFailure.text(of: error.errno),
        hint: "--listen 127.0.0.1:0 chooses a free port")
    }
  }

  /// All personalities and faults, one per line.
  static func list() -> String {
    let personalities = RegistryProfile.all.map { "personality  \(pad($0.name, 18)) \($0.summary)" }
    let faults = Fault.all.map { "fault        \(pad($0.name, 18)) \(pad($0.stage.rawValue, 6))  \($0.summary)" }
    return (personalities + faults).joined(separator: "\n")
  }

  private static func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private func say(_ text: String) {
    let line = Array((PrintableText.text(text) + "\n").utf8)
    _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
