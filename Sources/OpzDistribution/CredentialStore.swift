import FoundationEssentials
import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
public import SystemPackage

/// Where a user's credentials are kept: docker's `config.json`, the helper that it names, or a file that podman reads.
public struct CredentialStore: Sendable {
  public enum Place: Sendable, Equatable, CustomStringConvertible {
    /// `docker-credential-NAME`.
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

  /// - Parameters:
  ///   - environment: where the files are looked up.
  ///   - file: the only file, in place of docker's.
  public init(environment: [String: String], file: FilePath? = nil) {
    self.environment = environment
    chosen = file
  }

  /// Keeps a user's secret for a host, through the helper that is set for it, else in the file, which then only its owner can read.
  /// All else in the file stays byte for byte. It blocks.
  public func save(_ named: String, user: String, secret: String) throws -> Place {
    let host = RegistryLogin.host(named)
    guard let path = chosen ?? Credentials(environment: environment).files().first else {
      throw DistributionError(
        .credentials, host, "there is no place to keep them",
        hint: "set HOME or DOCKER_CONFIG, or name a file with --authfile")
    }
    let helper = try CredentialFile.read(path)?.helper(for: host)
    if let helper {
      try CredentialHelper(helper.name, environment: environment)
        .store(user: user, secret: secret, for: helper.servers.first ?? host)
    }
    // An empty entry says to other tools that the helper has it; an old secret does not stay beside it.
    let value =
      helper == nil
      ? "{\n\t\t\t\"auth\": \(CanonicalJSON.quoted(Data("\(user):\(secret)".utf8).base64EncodedString()))\n\t\t}" : "{}"
    try change(path) { text in
      let key = helper?.servers.first ?? CredentialFile.key(of: host)
      // What other tools would find under another spelling is not left beside it.
      if key == DockerHub.credentialKey {
        _ = try text.remove("auths") { $0 != key && CredentialFile.isKey($0, of: host) }
      }
      guard try text.set("auths", key, to: value) else {
        throw DistributionError(.credentials, path.string, "its auths are no object", hint: "repair the file by hand")
      }
      return true
    }
    return helper.map { .helper($0.name) } ?? .file(path)
  }

  /// Takes away all that there is for a host, in every place where it would be found. It blocks.
  public func erase(_ named: String) throws -> [Place] {
    let host = RegistryLogin.host(named)
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

  /// Changes the file under a lock on its directory, so that two logins do not lose each other's.
  @discardableResult
  private func change(_ named: FilePath, _ body: (inout JSONEdit) throws -> Bool) throws -> Bool {
    // A link stays a link; one that names nothing yet too.
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
      throw CredentialFile.error(failure, path)
    }
    guard try body(&text) else { return false }
    // Never more than its owner's, in a directory that a group shares too.
    try OutputFile.write(text.bytes, to: path, mode: 0o600, isPrivate: true)
    return true
  }
}
