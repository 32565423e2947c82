import OpzIO
import OpzJSON

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
        .credentials, program, "\(verb) ended with \(output.status)",
        hint: "see what it needs: \(program) list")
    }
  }
}
