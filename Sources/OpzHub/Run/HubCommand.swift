import OpzIO
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

  public init() {}

  /// Runs the program to its end, which only a signal brings: what was acknowledged is on the disk, so it needs no other.
  /// - Returns: the exit code: 1 for a failure, 64 for wrong usage.
  public func run(arguments: [String]) async -> Int32 {
    signal(SIGPIPE, SIG_IGN)
    do {
      let options = try HubOptions(arguments: arguments)
      switch options.action {
      case .help: print(HubOptions.help)
      case .list: print(HubCommand.list())
      case .version: print("opz-hub \(HubCommand.version)")
      case .serve: try await serve(options)
      }
      return 0
    } catch {
      say("opz-hub: \(error)")
      return (error as? any ExplainedError)?.category == .usage ? 64 : 1
    }
  }

  private func serve(_ options: HubOptions) async throws {
    var registry = try await blocking { try Registry.create(options.registry) }
    registry.isOfOneHost = getenv("OPZ_ONE_HOST").map { String(cString: $0) } == "1"
    let plan = try options.faults.map(FaultPlan.read)
    let hub = try RegistryResponder(registry)
    let server = try await HubServer(host: options.host, port: options.port)
    // One line for the log, and for whoever started us to learn the port.
    let ready = JSONValue.object([
      "event": .string("ready"), "host": .string(server.host), "port": .integer(Int64(server.port)),
      "registry": .string(options.registry.string),
    ])
    say(String(decoding: try CanonicalJSON.encode(ready), as: UTF8.self))
    try await server.run(plan.map { Rehearsal($0, before: hub) } ?? hub)
  }

  /// All personalities and faults, one a line.
  static func list() -> String {
    let personalities = Personality.all.map { "personality  \(pad($0.name, 18)) \($0.summary)" }
    let faults = Fault.all.map { "fault        \(pad($0.name, 18)) \(pad($0.stage.rawValue, 6))  \($0.summary)" }
    return (personalities + faults).joined(separator: "\n")
  }

  private static func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private func say(_ text: String) {
    let line = Array((text + "\n").utf8)
    _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
