public import OpzIO
public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Debian's `docker-registry` on a free loopback port, with its own storage directory. It stops when deallocated.
public final class RegistryServer: Sendable {
  /// How clients must authenticate.
  public enum Access: Sendable {
    case anonymous
    case basic(user: String, password: String)
    /// Tokens of this realm and service, signed with the key of this certificate.
    case token(realm: String, service: String, issuer: String, certificate: FilePath)
  }

  public let port: UInt16
  /// `127.0.0.1:PORT`.
  public var host: String { "127.0.0.1:\(port)" }
  private let directory: TemporaryDirectory
  private let process: ChildProcess

  /// Starts the registry and waits until it accepts connections. It blocks.
  /// - Parameters:
  ///   - tls: uses https, with its own certificate for 127.0.0.1.
  ///   - upstream: the `HOST:PORT` of a registry that it is a pull-through cache of.
  public init(_ access: Access = .anonymous, tls: Bool = false, cacheOf upstream: String? = nil) throws {
    directory = try TemporaryDirectory()
    if tls { try RegistryServer.makeCertificate(in: directory) }
    for _ in 0..<5 {
      let port = try LoopbackListener.freePort()
      let process = try RegistryServer.start(access, port, tls: tls, upstream: upstream, in: directory)
      // Another process may have taken the port meanwhile: then the registry exits, and another port is tried.
      if RegistryServer.waits(for: process, port) {
        self.port = port
        self.process = process
        return
      }
    }
    throw IOFailure("docker-registry did not start; run scripts/test, which installs it", path: directory.path)
  }

  deinit { stop() }

  /// Ends the process. A second call does nothing.
  public func stop() {
    guard process.poll() == nil else { return }
    process.send(signal: SIGKILL)
    process.wait()
  }

  /// The file of a blob in the registry's own storage.
  public func file(of digest: Digest) -> FilePath {
    directory.path.appending(
      "data/docker/registry/v2/blobs/\(digest.algorithm.rawValue)/\(digest.hex.prefix(2))/\(digest.hex)/data")
  }

  /// The certificate of a server with TLS.
  public var certificate: FilePath { directory.path.appending("certificate.pem") }

  private static func makeCertificate(in directory: TemporaryDirectory) throws {
    let made = try ChildProcess.run([
      "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=opz-test", "-addext",
      "subjectAltName=IP:127.0.0.1", "-keyout", directory.path.appending("key.pem").string, "-out",
      directory.path.appending("certificate.pem").string,
    ])
    guard made.status == 0 else { throw IOFailure("openssl: \(made.errorText)", path: directory.path) }
  }

  private static func start(
    _ access: Access, _ port: UInt16, tls: Bool, upstream: String?, in directory: TemporaryDirectory
  ) throws -> ChildProcess {
    let files = directory.path
    let secure =
      tls ? "tls: {certificate: \"\(files.appending("certificate.pem"))\", key: \"\(files.appending("key.pem"))\"}" : ""
    let config = """
      version: 0.1
      log: {level: error}
      storage: {filesystem: {rootdirectory: \(directory.path.appending("data"))}, delete: {enabled: true}}
      http: {addr: "127.0.0.1:\(port)", \(secure)}
      \(upstream.map { "proxy: {remoteurl: \"http://\($0)\"}" } ?? "")
      \(try auth(access, in: directory))
      """
    let file = try directory.write("config.yml", config)
    do {
      return try ChildProcess.start(
        ["docker-registry", "serve", file.string], output: .file(directory.path.appending("log")),
        errors: .file(directory.path.appending("log")))
    } catch {
      throw IOFailure("docker-registry cannot be started: run scripts/test, which installs it", path: file)
    }
  }

  private static func auth(_ access: Access, in directory: TemporaryDirectory) throws -> String {
    switch access {
    case .anonymous: return ""
    case .basic(let user, let password):
      let output = try ChildProcess.run(["htpasswd", "-Bbn", user, password])
      guard output.status == 0 else {
        throw IOFailure("htpasswd failed: run scripts/test, which installs apache2-utils", path: directory.path)
      }
      let file = try directory.write("htpasswd", output.text)
      return "auth: {htpasswd: {realm: test, path: \"\(file)\"}}"
    case .token(let realm, let service, let issuer, let certificate):
      return """
        auth: {token: {realm: "\(realm)", service: "\(service)", issuer: "\(issuer)", rootcertbundle: "\(certificate)"}}
        """
    }
  }

  private static func waits(for process: ChildProcess, _ port: UInt16) -> Bool {
    for _ in 0..<1500 {
      if process.poll() != nil { return false }
      if LoopbackListener.isOpen(port) { return process.poll() == nil }
      usleep(20_000)
    }
    process.send(signal: SIGKILL)
    process.wait()
    return false
  }
}
