import OpzHTTP
import OpzIO
import OpzJSON
import OpzOCI
import SystemPackage

/// A credential file in the format of Docker's `config.json`, which Podman's `auth.json` shares.
struct CredentialFile: Sendable {
  let path: FilePath
  private let content: Content

  private struct Content: Decodable {
    var auths: [String: Entry]?
    var credHelpers: [String: String]?
    var credsStore: String?
  }

  private struct Entry: Decodable {
    var auth: String?
    var username: String?
    var password: String?
    var identitytoken: String?
    var registrytoken: String?
  }

  static let limit = 4 << 20

  /// Reads the file; nil where it does not exist or is empty. Blocks.
  /// - Throws: `DistributionError` with the code `credentials` for invalid content; `IOFailure`.
  static func read(_ path: FilePath) throws -> CredentialFile? {
    var bytes: [UInt8] = []
    do {
      bytes = try SmallFile.read(path, limit: limit)
      if bytes.allSatisfy({ $0 <= 0x20 }) { return nil }
      return CredentialFile(path: path, content: try JSONDecoding.decode(Content.self, from: bytes, shape))
    } catch let failure as IOFailure where failure.category == .notFound {
      return nil
    } catch let failure as JSONFailure {
      throw CredentialFile.error(failure, path, in: bytes)
    }
  }

  static func error(_ failure: JSONFailure, _ path: FilePath, in text: [UInt8]) -> DistributionError {
    DistributionError(
      .credentials, path.string,
      reason: "not JSON in the format of docker's config.json: \(failure.described(in: text))",
      hint: failure.kind == .ambiguous ? "docker may read other credentials there; write each key once" : failure.hint)
  }

  /// The members that Docker (docker/cli, `ConfigFile`) and Podman (`auth.json`) know. Docker ignores the case of
  /// member names and takes the last of two, so members that are ambiguous to it are rejected.
  static let shape = JSONShape.object(
    [
      "credHelpers", "credsStore", "HttpHeaders", "psFormat", "imagesFormat", "networksFormat", "pluginsFormat",
      "volumesFormat", "statsFormat", "detachKeys", "serviceInspectFormat", "servicesFormat", "tasksFormat",
      "secretFormat", "configFormat", "nodesFormat", "pruneFilters", "proxies", "experimental", "currentContext",
      "cliPluginsExtraDirs", "plugins", "aliases", "features",
    ],
    [
      .init(
        "auths",
        .map(
          .object([
            "auth", "username", "password", "identitytoken", "registrytoken", "email", "serveraddress",
          ])))
    ])

  /// The credential helper for a host, if one is configured: `credHelpers` first, then `credsStore`.
  /// - Returns: the helper's name, and the server names under which it may have the credential, the likeliest first.
  func helper(for host: String) -> (name: String, servers: [String])? {
    if let found = match(host, repository: nil, in: content.credHelpers ?? [:]), !found.value.isEmpty {
      return (found.value, CredentialFile.servers(found.key, host))
    }
    guard let store = content.credsStore, !store.isEmpty else { return nil }
    // A store knows a host by the key under which `docker login` saved it.
    return (store, CredentialFile.servers(match(host, repository: nil, in: content.auths ?? [:])?.key ?? host, host))
  }

  // Docker's own name for Docker Hub comes first, whatever the key; Podman's comes last
  // (GoogleContainerTools/jib#2182, containers-auth.json(5)).
  private static func servers(_ key: String, _ host: String) -> [String] {
    guard DockerHub.isHost(host) else { return [key] }
    var servers: [String] = []
    for server in [DockerHub.credentialKey, key, DockerHub.host] where !servers.contains(server) {
      servers.append(server)
    }
    return servers
  }

  /// The key under which a host's credentials are saved.
  static func key(of host: String) -> String { DockerHub.isHost(host) ? DockerHub.credentialKey : host }

  /// Returns the credential that the file itself has for a repository.
  /// - Throws: `DistributionError` with the code `credentials` for an `auth` that cannot be decoded.
  func credential(for host: String, repository: String) throws -> Credential? {
    guard let (key, entry) = match(host, repository: repository, in: content.auths ?? [:]) else { return nil }
    if let token = entry.identitytoken, !token.isEmpty { return .identityToken(token) }
    if let token = entry.registrytoken, !token.isEmpty { return .registryToken(token) }
    if let user = entry.username, let password = entry.password, !user.isEmpty {
      return .password(user: user, password: password)
    }
    guard let auth = entry.auth, !auth.isEmpty else { return nil }
    guard let data = Base64.decode(auth), let colon = data.firstIndex(of: UInt8(ascii: ":")) else {
      throw DistributionError(
        .credentials, path.string, reason: "the auth of \(PrintableText.brief(key)) is not USER:PASSWORD in base64",
        hint: "log in again")
    }
    let user = String(decoding: data[..<colon], as: UTF8.self)
    let password = String(decoding: data[data.index(after: colon)...], as: UTF8.self)
    // Docker pads the text with NULs in old files.
    return .password(user: user, password: String(password.prefix { $0 != "\0" }))
  }

  /// Returns the entry with the most specific matching key: `HOST/a/b` before `HOST/a` before `HOST`. Keys in old
  /// files are URLs.
  private func match<Value>(
    _ host: String, repository: String?, in entries: [String: Value]
  ) -> (key: String, value: Value)? {
    let wanted = host.lowercased()
    var best: (key: String, value: Value, match: Match)?
    for (key, value) in entries.sorted(by: { $0.key < $1.key }) {
      guard let match = CredentialFile.match(of: key, host: wanted, repository: repository) else { continue }
      if best.map({ match > $0.match }) ?? true { best = (key, value, match) }
    }
    return best.map { ($0.key, $0.value) }
  }

  /// Whether an entry's key stands for the whole host.
  static func isKey(_ key: String, of host: String) -> Bool {
    match(of: key, host: host.lowercased(), repository: nil) != nil
  }

  /// How an entry's key stands for a repository, from the least specific to the most.
  private enum Match: Comparable {
    /// A URL of the host, as in old files; for Docker Hub also a path that names the API.
    case url
    case host
    /// The key under which Docker itself saves the login of Docker Hub.
    case dockerHub
    /// A namespace of so many path components.
    case namespace(Int)
  }

  private static func match(of key: String, host: String, repository: String?) -> Match? {
    if let scheme = Origin.Scheme.prefix(of: key) {
      let place = key.dropFirst(scheme.rawValue.count + 3)
      guard isSame(place.prefix { $0 != "/" }, host) else { return nil }
      if host == DockerHub.host, key == DockerHub.credentialKey { return .dockerHub }
      // Next to the password Docker saves the tokens of a browser login, which only its own token server accepts.
      return repository != nil && place.hasSuffix("-token") && DockerHub.isHost(host) ? nil : .url
    }
    let parts = key.split(separator: "/", omittingEmptySubsequences: false)
    guard let name = parts.first, isSame(name, host) else { return nil }
    let namespace = parts.dropFirst().joined(separator: "/")
    if namespace.isEmpty { return .host }
    if DockerHub.isHost(host), ["v1", "v1/", "v2", "v2/"].contains(namespace) { return .url }
    guard let repository, "\(repository)/".hasPrefix("\(namespace)/") else { return nil }
    return .namespace(parts.count - 1)
  }

  private static func isSame(_ name: some StringProtocol, _ host: String) -> Bool {
    name.lowercased() == host || (DockerHub.isHost(host) && DockerHub.isHost(name))
  }
}
