import ArgumentParser
import OpzDistribution
import OpzIO

struct LogoutCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logout", abstract: "Removes a user's credentials for a container registry.",
    discussion: """
      They are removed wherever opz would find them: docker's config.json, the helper that it names, podman's auth.json.

      opz logout registry.example
      """)

  @Argument(help: "HOST[:PORT].") var host: String
  @Option(help: ArgumentHelp("Look only in this file.", valueName: "file")) var authfile: String?
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let session = options.session()
    let store = CredentialStore(environment: session.environment, file: authfile.map(session.path))
    let places = try await blocking { [host] in try store.erase(host) }
    options.note(
      places.isEmpty
        ? "there are no credentials for \(host)"
        : "logged out of \(host): \(places.map(\.description).joined(separator: ", "))")
  }
}
