import OpzIO
import OpzJSON
import OpzOCI
public import SystemPackage

/// Saves and erases a user's credentials: in Docker's `config.json`, with the helper that it names, or in a file that
/// Podman reads.
public struct CredentialStore: Sendable {
  /// Where a credential is stored.
  public enum Place: Sendable, Equatable, CustomStringConvertible {
    /// The program `docker-credential-NAME`.
    case helper(String)
    case file(FilePath)

    public var description: String {
      switch self {
      case .helper(let name): "docker-credential-\(name)"
      case .file(let path): path.string
      }
    }
  }

  private let environment: [String: String]
  private let chosen: FilePath?

  /// Creates a store; reads nothing.
  /// - Parameters:
  ///   - environment: its variables lead to the credential files.
  ///   - file: the only file to use, instead of Docker's.
  public init(environment: [String: String], file: FilePath? = nil) {
    self.environment = environment
    chosen = file
  }

  /// Saves a user's secret for a host with the helper that is configured for it, otherwise in the file with the mode
  /// 0600.
  ///
  /// Everything else in the file stays byte for byte. Blocks.
  /// - Parameter named: the host with its port, or a name of Docker Hub.
  /// - Returns: where the secret was saved.
  /// - Throws: `DistributionError` with the code `credentials`; `IOFailure`.
  public func save(_ named: String, user: String, secret: String) throws -> Place {
    let host = RemoteLogin.host(named)
    guard let path = chosen ?? Credentials(environment: environment).files().first else {
      throw DistributionError(
        .credentials, host, reason: "there is no place to keep them",
        hint: "set HOME or DOCKER_CONFIG, or name a file with --authfile")
    }
    let helper = try CredentialFile.read(path)?.helper(for: host)
    if let helper {
      try CredentialHelper(helper.name, environment: environment)
        .store(user: user, secret: secret, for: helper.servers.first ?? host)
    }
    // An empty entry tells other tools that the helper has the secret, and replaces an old secret in the file.
    let value =
      helper == nil
      ? "{\n\t\t\t\"auth\": \(CanonicalJSON.quoted(Base64.encode("\(user):\(secret)".utf8)))\n\t\t}" : "{}"
    try change(path) { text in
      let key = helper?.servers.first ?? CredentialFile.key(of: host)
      // Removes entries that other tools would find under another spelling of the host.
      if key == DockerHub.credentialKey {
        _ = try text.remove("auths") { $0 != key && CredentialFile.isKey($0, of: host) }
      }
      guard try text.set("auths", key, to: value) else {
        throw DistributionError(
          .credentials, path.string, reason: "its auths are no object", hint: "repair the file by hand")
      }
      return true
    }
    return helper.map { .helper($0.name) } ?? .file(path)
  }

  /// Erases all credentials for a host, in every place where one would be found. Blocks.
  /// - Returns: the places that had one.
  /// - Throws: `DistributionError` with the code `credentials`; `IOFailure`.
  public func erase(_ named: String) throws -> [Place] {
    let host = RemoteLogin.host(named)
    var places: [Place] = []
    for path in chosen.map({ [$0] }) ?? Credentials(environment: environment).files() {
      guard let file = try CredentialFile.read(path) else { continue }
      if let (name, servers) = file.helper(for: host) {
        let helper = try CredentialHelper(name, environment: environment)
        let known = try servers.filter { try helper.credential(for: $0) != nil }
        for server in known { try helper.erase(server) }
        if !known.isEmpty { places.append(.helper(name)) }
      }
      let hasSecret = try file.credential(for: host, repository: "") != nil
      let isChanged = try change(path) { try $0.remove("auths") { CredentialFile.isKey($0, of: host) } > 0 }
      if isChanged, hasSecret { places.append(.file(path)) }
    }
    return places
  }

  /// Edits the file under a lock on its directory, so that concurrent logins do not overwrite each other.
  @discardableResult
  private func change(_ named: FilePath, _ body: (inout JSONEdit) throws -> Bool) throws -> Bool {
    // Follows a symbolic link, also a dangling one, so that the link itself is kept.
    let path = try OutputFile.place(of: named)
    let directory = path.removingLastComponent().isEmpty ? FilePath(".") : path.removingLastComponent()
    try Durable.makeDirectory(directory, mode: 0o700)
    let lock = try FileLock.take(directory: directory)
    let isChanged = try rewrite(path, in: directory, body)
    _ = consume lock
    return isChanged
  }

  private func rewrite(_ path: FilePath, in directory: FilePath, _ body: (inout JSONEdit) throws -> Bool) throws -> Bool
  {
    var bytes: [UInt8] = []
    if try FileStatus.find(path) != nil { bytes = try SmallFile.read(path, limit: CredentialFile.limit) }
    if bytes.allSatisfy({ $0 <= 0x20 }) { bytes = Array("{}\n".utf8) }
    var text: JSONEdit
    do {
      text = try JSONEdit(bytes, CredentialFile.shape)
    } catch let failure as JSONFailure {
      throw CredentialFile.error(failure, path, in: bytes)
    }
    guard try body(&text) else { return false }
    // Only the owner may read the file, also in a directory that is shared with a group.
    try OutputFile.write(text.bytes, to: path, mode: 0o600, isPrivate: true)
    return true
  }
}
