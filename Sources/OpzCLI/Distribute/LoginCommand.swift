import ArgumentParser
import OpzDistribution
import OpzFlow
import OpzIO

struct LoginCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "login", abstract: "Stores a user's credentials for a container registry.",
    discussion: """
      They are checked with the registry first, and then stored where docker and podman find them too: in the \
      credential helper that docker's config.json names for the host, or else in that file, which only you can read \
      then. The secret comes from standard input or a prompt; it is never an argument, which everyone on the machine \
      could read.

      opz login registry.example -u ann --password-stdin < token
      opz login registry.example
      opz login docker.io -u ann --password-stdin < token
      """)

  @Argument(help: "HOST[:PORT].") var host: String
  @Option(name: [.customShort("u"), .customLong("username")], help: "The user; prompted for if missing.")
  var user: String?
  @Flag(name: .customLong("password-stdin"), help: "Read the secret from standard input.") var fromInput = false
  @Option(
    help: ArgumentHelp(
      "Store them in this file, in the format of podman's auth.json and docker's config.json.", valueName: "file"))
  var authfile: String?
  @Flag(help: "Use plain HTTP, if the network is trusted.") var insecure = false
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let session = options.session()
    let (user, secret) = try await blocking { [self] in try ask() }
    let login = try RemoteLogin(
      host, environment: session.environment, userAgent: session.userAgent, insecure: insecure)
    let verdict = try await login.check(user: user, secret: secret)
    let store = CredentialStore(environment: session.environment, file: authfile.map(session.path))
    let place = try await blocking { [host] in try store.save(host, user: user, secret: secret) }
    switch verdict {
    case .accepted: options.note("logged in to \(host) as \(user); kept by \(place)")
    case .notAsked: options.note("\(host) does not ask for credentials, so they were not checked; kept by \(place)")
    }
  }

  private func ask() throws -> (user: String, secret: String) {
    if fromInput {
      guard let user, !user.isEmpty else {
        throw usage("--password-stdin needs a user", "opz login \(host) -u USER --password-stdin")
      }
      return (try checked(user), try SecretInput.standardInput())
    }
    guard Terminal.isAvailable else {
      throw usage("there is no terminal for a prompt", "opz login \(host) -u USER --password-stdin < FILE")
    }
    let name = try user ?? Terminal.ask("user for \(host): ")
    return (try checked(name), try Terminal.ask("password or token: ", isSecret: true))
  }

  // In Basic authentication, the first colon ends the user name (RFC 7617).
  private func checked(_ user: String) throws -> String {
    guard !user.isEmpty, !user.contains(":"), user.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f })
    else {
      throw usage("a user name cannot contain colons or control characters", nil)
    }
    return user
  }

  private func usage(_ reason: String, _ hint: String?) -> FlowError {
    FlowError(.usage, "login to \(host)", reason: reason, hint: hint)
  }
}
