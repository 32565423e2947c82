import OpzIO
import OpzOCI
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzDistribution

/// docker-registry behind nginx, over TLS and HTTP/2.
@Suite struct NginxTests {
  private static let content = randomBytes(700_000)
  private static let blob = Descriptor.of(content, .layerTar)

  private func remote(
    _ server: NginxServer, _ environment: [String: String], progress: any ProgressSink = NoProgress()
  ) throws -> RemoteRepository {
    try RemoteRepository(
      Reference(host: server.host, repository: "team/model"), environment: environment, progress: progress,
      retry: .quick, scheme: .https)
  }

  /// A HOME with `certs.d` for a server.
  private func home(_ server: NginxServer, _ place: String, files: [(FilePath, String)]) throws -> TemporaryDirectory {
    let home = try TemporaryDirectory()
    for (file, name) in files {
      let bytes = try SmallFile.read(file, limit: 1 << 20)
      try home.write("\(place)/certs.d/\(server.host)/\(name)", String(decoding: bytes, as: UTF8.self))
    }
    return home
  }

  @Test func speaksTheWholeProtocolThroughAProxy() async throws {
    let registry = try RegistryServer()
    let server = try NginxServer(before: registry.host)
    try await ContentStoreConformance(try remote(server, ["SSL_CERT_FILE": server.authority.string])).run()
    server.stop()
    registry.stop()
  }

  @Test(arguments: [".config/containers", ".config/docker", ".docker"])
  func showsItsCertificate(_ place: String) async throws {
    let registry = try RegistryServer()
    let server = try NginxServer(before: registry.host, wantsClient: true)
    let home = try home(
      server, place,
      files: [
        (server.authority, "ca.crt"), (server.clientCertificate, "client.cert"), (server.clientKey, "client.key"),
      ])
    let remote = try remote(server, ["HOME": home.path.string])
    try await remote.put(Self.blob, from: BytesBlob(Self.content))
    #expect(try await remote.contains(Self.blob))
    // The certificate authority may also come from the environment.
    let nobody = try self.remote(server, ["SSL_CERT_FILE": server.authority.string])
    let error = await failure { try await nobody.contains(Self.blob) }
    #expect(
      error != nil && error?.code != .tls, "nginx says 400 to a client without a certificate: \(error?.reason ?? "")")
    server.stop()
    registry.stop()
  }

  @Test func aCertificateWithoutItsKeyIsNamed() async throws {
    let registry = try RegistryServer()
    let server = try NginxServer(before: registry.host, wantsClient: true)
    let home = try home(
      server, ".docker", files: [(server.authority, "ca.crt"), (server.clientCertificate, "client.cert")])
    let error = await failure { try await remote(server, ["HOME": home.path.string]).contains(Self.blob) }
    #expect(error?.code == .credentials)
    #expect(error?.reason.contains("client.key") == true)
    server.stop()
    registry.stop()
  }

  @Test func anotherServersCertificatesAreNotUsed() async throws {
    let registry = try RegistryServer()
    let server = try NginxServer(before: registry.host)
    let other = try NginxServer(before: registry.host)
    let home = try home(other, ".docker", files: [(other.authority, "ca.crt")])
    let error = await failure { try await remote(server, ["HOME": home.path.string]).contains(Self.blob) }
    #expect(error?.code == .tls)
    server.stop()
    other.stop()
    registry.stop()
  }

  @Test func sendsAroundABodyLimit() async throws {
    let registry = try RegistryServer()
    let server = try NginxServer(before: registry.host, bodyLimit: 200_000)
    let progress = RecordedProgress()
    let remote = try remote(server, ["SSL_CERT_FILE": server.authority.string], progress: progress)
    try await remote.put(Self.blob, from: BytesBlob(Self.content))
    #expect(try await readAll(try await remote.blob(Self.blob)) == Self.content)
    #expect(remote.profile.requestMaximum == 175_000)
    server.stop()
    registry.stop()
  }
}
