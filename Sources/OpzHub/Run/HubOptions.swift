import SystemPackage

/// The command line options of the hub.
struct HubOptions: Sendable, Equatable {
  enum Action: Sendable, Equatable {
    case serve, list, help, version
  }

  var action = Action.serve
  var registry: FilePath = ""
  /// A numeric address.
  var host = "127.0.0.1"
  /// 0 picks a free port.
  var port = 5000
  /// The file with the fault plan; nil for a registry without faults.
  var faults: FilePath?
  var isAnywhere = false

  /// - Throws: `HubError`
  init(arguments: [String]) throws {
    var rest = arguments[...]
    while let argument = rest.popFirst() { try read(argument, &rest) }
    guard action == .serve else { return }
    guard !registry.isEmpty else { throw HubOptions.wrong("--registry", "the registry's directory is missing") }
    guard isAnywhere || HubOptions.isLoopback(host) else {
      throw HubOptions.wrong(
        "--listen \(host):\(port)",
        "anyone who reaches this address can push and delete, without a password and unencrypted",
        hint: "listen on 127.0.0.1, behind a proxy that authenticates clients; --insecure-anywhere listens here anyway")
    }
  }

  private mutating func read(_ argument: String, _ rest: inout ArraySlice<String>) throws {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let flag = parts.first ?? ""
    func value() throws -> String {
      if parts.count == 2 { return parts[1] }
      guard let next = rest.popFirst() else { throw HubOptions.wrong(flag, "has no value") }
      return next
    }
    switch flag {
    case "--registry": registry = FilePath(try value())
    case "--listen": (host, port) = try HubOptions.address(try value())
    case "--faults": faults = FilePath(try value())
    case "--insecure-anywhere" where parts.count == 1: isAnywhere = true
    case "--list" where parts.count == 1: action = .list
    case "--version" where parts.count == 1: action = .version
    case "--help" where parts.count == 1, "-h" where parts.count == 1: action = .help
    default: throw HubOptions.wrong(argument, "is not an option")
    }
  }

  /// `IP:PORT`, `[IPv6]:PORT`, `localhost:PORT`.
  private static func address(_ text: String) throws -> (String, Int) {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
      throw wrong("--listen \(text)", "not ADDRESS:PORT", hint: "write 127.0.0.1:5000")
    }
    var host = String(text[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    return (host == "localhost" ? "127.0.0.1" : host, Int(port))
  }

  private static func isLoopback(_ host: String) -> Bool {
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return host == "::1" || parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  private static func wrong(_ subject: String, _ reason: String, hint: String = "opz-hub --help lists the options")
    -> HubError
  {
    HubError(.badOption, subject, reason: reason, hint: hint)
  }

  /// The text of `--help`.
  static let help = """
    opz-hub serves an opz registry to container tools (OCI distribution-spec 1.1.1), and can be made to fail on purpose.

    usage: opz-hub --registry DIR [--listen 127.0.0.1:5000] [--faults FILE] [--insecure-anywhere]

      --registry DIR         the registry's directory; created if it does not exist
      --listen ADDRESS:PORT  plain HTTP here (127.0.0.1:5000); port 0 for a free one
      --faults FILE          YAML or JSON: which registry to imitate, and which faults to inject
      --insecure-anywhere    listen on an address that other machines can reach, without a password and unencrypted
      --list                 print the names of personalities and faults
      --version              print the hub's version
      --help                 print this text
    """
}
