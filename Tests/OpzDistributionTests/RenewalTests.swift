import OpzHTTP
import OpzIO
import OpzOCI
import OpzRegistryKit
import OpzStore
import OpzTestKit
import Synchronization
import Testing

@testable import OpzDistribution

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Credentials that expire during a push.
@Suite struct RenewalTests {
  private static let content = randomBytes(900_000)
  private static let blob = Descriptor.of(content, .layerTar)

  private func push(_ host: String, _ environment: [String: String], progress: any ProgressSink = NoProgress())
    async throws
  {
    let remote = try repository(host, environment: environment, progress: progress)
    remote.learn { $0.requestMaximum = 100_000 }
    try await remote.put(Self.blob, from: BytesBlob(Self.content))
  }

  /// A token that the registry accepts only for some requests.
  @Test(arguments: [1, 2, 3]) func aTokenThatDiesBetweenChunks(_ uses: Int) async throws {
    let tokens = try ScriptedServer { .init(200, text: #"{"token":"t\#($0.number)","expires_in":600}"#) }
    let realm = "Bearer realm=\"http://\(tokens.host)/token\",service=\"s\""
    let left = Mutex<[String: Int]>([:])
    let server = try SpecRegistry(
      gate: { request in
        guard let token = request.header("authorization"),
          left.withLock({ left in
            left[token, default: uses] -= 1
            return left[token, default: 0] >= 0
          })
        else { return .init(401, [("WWW-Authenticate", realm)]) }
        return nil
      })
    let progress = RecordedProgress()
    try await push(server.host, [:], progress: progress)
    #expect(server.has(Self.content))
    #expect(progress.bytes == 900_000)
    #expect(server.received == 900_000, "a refused chunk is refused before its body")
    #expect(tokens.requests.count > 3)
    server.stop()
  }

  /// By the registry's clock, a token lives for one second, and the source takes longer than that for each chunk.
  @Test func aTokenOfASecondAndAPushThatTakesLonger() async throws {
    let tokens = try TokenServer(life: 1)
    let server = try RegistryServer(
      .token(
        realm: tokens.realm, service: TokenServer.service, issuer: TokenServer.issuer, certificate: tokens.certificate))
    let remote = try repository(server.host)
    remote.learn {
      $0.uploadMethod = .chunked
      $0.requestMaximum = 300_000
    }
    try await remote.put(Self.blob, from: SlowBlob(content: Self.content))
    #expect(tokens.requests.count > 2)
    #expect(try await remote.contains(Self.blob))
    server.stop()
  }

  @Test func aHelperIsAskedAgainWhenItsPasswordDies() async throws {
    let config = try DockerConfig(#"{"credsStore":"turn"}"#)
    // Each response has a different password.
    try config.directory.write(
      "docker-credential-turn",
      """
      #!/bin/sh
      echo x >> "$0.asked"
      read server
      echo "{\\"Username\\":\\"ann\\",\\"Secret\\":\\"p$(/usr/bin/wc -l < "$0.asked")\\"}"
      """)
    let program = config.directory.path.appending("docker-credential-turn")
    #expect(chmod(program.string, 0o755) == 0)
    let posts = Mutex(0)
    let second = HTTPRequest.basicAuthorization(user: "ann", password: "p2")
    let server = try SpecRegistry(
      gate: { request in
        guard let header = request.header("authorization") else {
          return .init(401, [("WWW-Authenticate", "Basic realm=\"r\"")])
        }
        // The first password is valid until the third chunk.
        if request.method == "PATCH" { posts.withLock { $0 += 1 } }
        return header == second || posts.withLock({ $0 }) < 3
          ? nil : .init(401, [("WWW-Authenticate", "Basic realm=\"r\"")])
      })
    try await push(server.host, config.environment)
    #expect(server.has(Self.content))
    #expect(server.requests.contains { $0.header("authorization") == second })
    server.stop()
  }

  @Test func aPasswordThatIsWrongIsNotAskedForWithoutEnd() async throws {
    let config = try DockerConfig(#"{"credsStore":"same"}"#)
    try config.directory.write(
      "docker-credential-same", "#!/bin/sh\necho x >> \"$0.asked\"\necho '{\"Username\":\"ann\",\"Secret\":\"p\"}'\n")
    let program = config.directory.path.appending("docker-credential-same")
    #expect(chmod(program.string, 0o755) == 0)
    let server = try ScriptedServer { _ in .init(401, [("WWW-Authenticate", "Basic realm=\"r\"")]) }
    let error = await failure { try await repository(server.host, environment: config.environment).resolve("latest") }
    #expect(error?.code == .unauthorized)
    #expect(server.requests.count == 2)
    let asked = try SmallFile.read(config.directory.path.appending("docker-credential-same.asked"), limit: 1000)
    #expect(asked.count <= 4)
  }

  @Test func anIdentityTokenWhereThereIsNoOAuth() async throws {
    let manifest = try RemoteFaultTests.manifest()
    let tokens = try ScriptedServer { $0.method == "POST" ? .init(404) : .init(200, text: #"{"token":"a"}"#) }
    let registry = try ScriptedServer { request in
      request.header("authorization") == "Bearer a"
        ? RemoteFaultTests.answer(manifest)
        : .init(401, [("WWW-Authenticate", "Bearer realm=\"http://\(tokens.host)/token\",service=\"s\"")])
    }
    let config = try DockerConfig(#"{"auths":{"\#(registry.host)":{"identitytoken":"refresh"}}}"#)
    _ = try await repository(registry.host, environment: config.environment).resolve("latest")
    #expect(tokens.requests.map(\.method) == ["POST", "GET"])
    #expect(
      tokens.requests.last?.header("authorization")
        == HTTPRequest.basicAuthorization(user: "<token>", password: "refresh"))
  }
}

/// A source that needs longer for each part than a token lives.
private struct SlowBlob: Blob {
  let content: [UInt8]

  var size: UInt64 { UInt64(content.count) }

  func open(at offset: UInt64) throws -> any ByteSource {
    usleep(1_100_000)
    return try BytesBlob(content).open(at: offset)
  }
}
