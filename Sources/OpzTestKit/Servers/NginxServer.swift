import OpzIO
public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Debian's nginx with TLS in front of a registry, on a free loopback port. It stops when deallocated.
public final class NginxServer: Sendable {
  public let port: UInt16
  /// `127.0.0.1:PORT`.
  public var host: String { "127.0.0.1:\(port)" }
  private let directory: TemporaryDirectory
  private let process: ChildProcess

  /// The certificate authority of the server's and the client's certificates.
  public var authority: FilePath { directory.path.appending("ca.crt") }
  public var clientCertificate: FilePath { directory.path.appending("client.cert") }
  public var clientKey: FilePath { directory.path.appending("client.key") }

  /// Starts nginx and waits until it accepts connections. It blocks.
  /// - Parameters:
  ///   - upstream: `HOST:PORT` of the registry.
  ///   - wantsClient: requires a client certificate of the authority.
  ///   - bodyLimit: maximum bytes of a request; more get 413 with an HTML page.
  ///   - names: further hosts that the certificate is valid for, besides this machine.
  public init(before upstream: String, wantsClient: Bool = false, bodyLimit: Int = 0, names: [String] = []) throws {
    directory = try TemporaryDirectory()
    try NginxServer.makeCertificates(in: directory.path, names)
    for _ in 0..<5 {
      let port = try LoopbackListener.freePort()
      let config = NginxServer.config(
        directory.path, port, upstream: upstream, wantsClient: wantsClient, bodyLimit: bodyLimit)
      let file = try directory.write("nginx.conf", config)
      let log = directory.path.appending("log")
      let process = try ChildProcess.start(
        ["/usr/sbin/nginx", "-c", file.string, "-p", directory.path.string, "-e", log.string], output: .file(log),
        errors: .file(log))
      if NginxServer.waits(for: process, port) {
        self.port = port
        self.process = process
        return
      }
    }
    throw IOFailure("nginx did not start; run scripts/test, which installs it", path: directory.path)
  }

  deinit { stop() }

  /// Ends the process. A second call does nothing.
  public func stop() {
    guard process.poll() == nil else { return }
    process.send(signal: SIGTERM)
    process.wait()
  }

  private static func config(
    _ directory: FilePath, _ port: UInt16, upstream: String, wantsClient: Bool, bodyLimit: Int
  ) -> String {
    let client = wantsClient ? "ssl_client_certificate \(directory)/ca.crt; ssl_verify_client on;" : ""
    let places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(directory)/\($0);" }
    return """
      daemon off; master_process off; pid \(directory)/pid; error_log \(directory)/log;
      events {}
      http {
        access_log off; \(places.joined(separator: " "))
        server {
          listen 127.0.0.1:\(port) ssl http2;
          ssl_certificate \(directory)/server.crt; ssl_certificate_key \(directory)/server.key; \(client)
          client_max_body_size \(bodyLimit);
          location / {
            proxy_pass http://\(upstream); proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto https;
            proxy_request_buffering off; proxy_http_version 1.1;
          }
        }
      }
      """
  }

  private static func makeCertificates(in directory: FilePath, _ names: [String]) throws {
    let path = { (name: String) in directory.appending(name).string }
    func run(_ words: [String]) throws {
      let made = try ChildProcess.run(["openssl"] + words)
      guard made.status == 0 else { throw IOFailure("openssl: \(made.errorText)", path: directory) }
    }
    try run([
      "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=opz-test-authority", "-keyout",
      path("ca.key"), "-out", path("ca.crt"),
    ])
    for (name, file) in [("server", "server.crt"), ("client", "client.cert")] {
      let extensions = path("\(name).ext")
      try Durable.replace(
        FilePath(extensions), with: Array("subjectAltName=IP:127.0.0.1\(names.map { ",DNS:\($0)" }.joined())".utf8))
      try run([
        "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=opz-test-\(name)", "-keyout", path("\(name).key"), "-out",
        path("\(name).csr"),
      ])
      try run([
        "x509", "-req", "-in", path("\(name).csr"), "-CA", path("ca.crt"), "-CAkey", path("ca.key"), "-CAcreateserial",
        "-days", "2", "-extfile", extensions, "-out", path(file),
      ])
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
