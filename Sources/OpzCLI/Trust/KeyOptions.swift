import ArgumentParser
import OpzFlow
import OpzIO
import OpzTrust

/// Options for a private key and its password.
struct KeyOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The private key, in PEM.", valueName: "file")) var key: String?
  @Flag(
    name: .customLong("password-stdin"),
    help: "Read the key's password from standard input instead of OPZ_KEY_PASSWORD.")
  var passwordStdin = false

  func privateKey(_ session: Session, for use: PublicKey.Use = .images) throws -> PrivateKey? {
    try key.map { try KeyFiles.privateKey(session.path($0), for: use, password: password(), in: session) }
  }

  /// Reads the password from a line of standard input.
  func password() throws -> [UInt8]? {
    guard passwordStdin else { return nil }
    guard let line = readLine(strippingNewline: true), !line.isEmpty, line.utf8.count <= 1024 else {
      throw ValidationError("--password-stdin: there is no password on standard input")
    }
    return Array(line.utf8)
  }
}
