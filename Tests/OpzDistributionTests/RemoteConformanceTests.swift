import OpzStore
import OpzTestKit
import Testing

@Suite struct RemoteConformanceTests {
  @Test func memory() async throws {
    try await ContentStoreConformance(MemoryStore()).run()
  }

  @Test func layout() async throws {
    let directory = try TemporaryDirectory()
    try await ContentStoreConformance(LayoutStore.create(directory.path.appending("layout"))).run()
  }

  @Test func remoteAnonymous() async throws {
    let server = try RegistryServer()
    try await ContentStoreConformance(repository(server.host)).run()
    server.stop()
  }

  @Test func remoteBasic() async throws {
    let server = try RegistryServer(.basic(user: "ann", password: "pass:word"))
    let config = try DockerConfig(server.host, user: "ann", password: "pass:word")
    try await ContentStoreConformance(repository(server.host, environment: config.environment)).run()
    server.stop()
  }

  @Test func remoteToken() async throws {
    let tokens = try TokenServer(user: "ann", password: "secret")
    let server = try RegistryServer(
      .token(
        realm: tokens.realm, service: TokenServer.service, issuer: TokenServer.issuer, certificate: tokens.certificate))
    let config = try DockerConfig(server.host, user: "ann", password: "secret")
    try await ContentStoreConformance(repository(server.host, environment: config.environment)).run()
    #expect(tokens.requests.count <= 4, "tokens are fetched again although they are fresh")
    server.stop()
  }
}
