import OpzIO
import OpzJSON
import SystemPackage

/// A `docker-credential-NAME` program that stores passwords (Docker's credential helper protocol).
struct CredentialHelper: Sendable {
  let name: String
  private let environment: [String: String]

  private struct Response: Decodable {
    var Username: String
    var Secret: String
  }

  /// Names a helper; does not run it.
  /// - Parameter environment: the program's environment, whose `PATH` is searched for it.
  /// - Throws: `DistributionError` with the code `credentials` for an invalid name.
  init(_ name: String, environment: [String: String]) throws {
    let isName = name.utf8.allSatisfy { byte in
      (97...122).contains(byte | 0x20) || (48...57).contains(byte) || "._-".utf8.contains(byte)
    }
    guard isName, (1...128).contains(name.utf8.count) else {
      throw DistributionError(
        .credentials, "docker-credential-\(PrintableText.brief(name))", reason: "not the name of a credential helper")
    }
    self.name = name
    self.environment = environment
  }

  var program: String { "docker-credential-\(name)" }

  /// Asks the helper for a server's credential; nil where it has none. Blocks.
  /// - Throws: `DistributionError` with the code `credentials` where the helper is missing or fails.
  func credential(for server: String) throws -> Credential? {
    let output = try run("get", Array(server.utf8))
    guard output.status == 0 else {
      if (output.text + output.errorText).contains("credentials not found") { return nil }
      // The output is not shown, because it may contain the secret.
      throw DistributionError(
        .credentials, program, reason: "it ended with \(output.status)",
        hint: "echo \(server.filter { $0 != "'" }) | \(program) get")
    }
    guard
      let found = try? JSONDecoding.decode(
        Response.self, from: output.output, .object(["ServerURL", "Username", "Secret"]))
    else {
      throw DistributionError(.credentials, program, reason: "its output is not the JSON of a credential helper")
    }
    if found.Username.isEmpty, found.Secret.isEmpty { return nil }
    if found.Username == "<token>" { return .identityToken(found.Secret) }
    return .password(user: found.Username, password: found.Secret)
  }

  /// Runs one of the protocol's verbs: `get`, `store`, `erase`.
  func run(_ verb: String, _ input: [UInt8]) throws -> ChildProcess.Output {
    guard let path = ProgramSearch.find(program, in: environment) else {
      throw DistributionError(
        .credentials, program, reason: "the program is not found in PATH",
        hint: "install it, or take it out of config.json")
    }
    return try ChildProcess.run(
      [path.string, verb], input: input, environment: environment.map { "\($0.key)=\($0.value)" }, limit: 1 << 20)
  }
}

extension CredentialHelper {
  private struct Entry: Encodable {
    let ServerURL: String
    let Username: String
    let Secret: String
  }

  /// Saves a secret with the helper, passing it on standard input. Blocks.
  func store(user: String, secret: String, for server: String) throws {
    let input = try CanonicalJSON.encode(Entry(ServerURL: server, Username: user, Secret: secret))
    try change("store", input)
  }

  /// Removes a server's credential from the helper. Blocks.
  func erase(_ server: String) throws { try change("erase", Array(server.utf8)) }

  private func change(_ verb: String, _ input: [UInt8]) throws {
    let output = try run(verb, input)
    guard output.status == 0 else {
      // The output is not shown, because it may contain the secret.
      throw DistributionError(
        .credentials, program, reason: "\(verb) ended with \(output.status)",
        hint: "see what it needs: \(program) list")
    }
  }
}
