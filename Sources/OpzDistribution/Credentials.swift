import OpzIO
import OpzOCI
import SystemPackage

/// The user's credentials: docker's configuration, then podman's.
struct Credentials: Sendable {
  private let environment: [String: String]

  /// In place of all that is configured: what a login tries.
  private let only: Credential?

  init(environment: [String: String]) {
    self.environment = environment
    only = nil
  }

  init(_ only: Credential) {
    environment = [:]
    self.only = only
  }

  /// What there is for a repository; nil means anonymous. It blocks.
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

  /// The places where a credential may be, in the order in which they are looked at.
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
