import OpzIO
import OpzOCI
import SystemPackage

/// Looks up the user's credentials: in Docker's configuration, then in Podman's.
struct Credentials: Sendable {
  private let environment: [String: String]

  /// Used instead of the configuration, for the check of a login.
  private let only: Credential?

  init(environment: [String: String]) {
    self.environment = environment
    only = nil
  }

  init(_ only: Credential) {
    environment = [:]
    self.only = only
  }

  /// Returns the credential for a repository, or nil for anonymous access. Blocks.
  /// - Throws: `DistributionError` with the code `credentials`.
  func find(_ host: String, repository: String) throws -> Credential? {
    if let only { return only }
    for path in files() {
      guard let file = try CredentialFile.read(path) else { continue }
      if let (name, servers) = file.helper(for: host) {
        let helper = try CredentialHelper(name, environment: environment)
        for server in servers {
          if let found = try helper.credential(for: server) { return found }
        }
      }
      if let found = try file.credential(for: host, repository: repository) { return found }
    }
    return nil
  }

  /// The credential files in the order in which they are searched; they need not exist.
  func files() -> [FilePath] {
    var paths: [FilePath] = []
    if let directory = value("DOCKER_CONFIG") {
      paths.append(FilePath(directory).appending("config.json"))
    } else if let home = UserHome.directory(environment) {
      paths.append(home.appending(".docker").appending("config.json"))
    }
    if let file = value("REGISTRY_AUTH_FILE") { paths.append(FilePath(file)) }
    for place in [UserHome.runtime(environment), UserHome.configuration(environment)] {
      if let place { paths.append(place.appending("containers").appending("auth.json")) }
    }
    return paths
  }

  private func value(_ name: String) -> String? {
    environment[name].flatMap { $0.isEmpty || $0.contains("\0") ? nil : $0 }
  }
}

/// A user's credential for one remote registry. Its description is constant, so that it cannot be printed by mistake.
enum Credential: Sendable, Equatable {
  case password(user: String, password: String)
  /// An OAuth 2 refresh token, which is exchanged for access tokens (Azure/acr, docs/AAD-OAuth.md).
  case identityToken(String)
  /// A bearer token for the remote registry itself.
  case registryToken(String)
}

extension Credential: CustomStringConvertible, CustomDebugStringConvertible {
  var description: String { "credential" }
  var debugDescription: String { description }
}
