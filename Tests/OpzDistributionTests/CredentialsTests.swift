import OpzIO
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzDistribution

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite struct CredentialsTests {
  // YW5uOnA6dw== is ann:p:w in base64.
  @Test(arguments: [
    (#"{"auths":{"r.example:5000":{"auth":"YW5uOnA6dw=="}}}"#, Credential.password(user: "ann", password: "p:w")),
    (#"{"auths":{"R.Example:5000":{"auth":"YW5uOnA6dw=="}}}"#, .password(user: "ann", password: "p:w")),
    (#"{"auths":{"https://r.example:5000/v1/":{"auth":"YW5uOnA6dw=="}}}"#, .password(user: "ann", password: "p:w")),
    (#"{"auths":{"r.example:5000":{"username":"ann","password":"x"}}}"#, .password(user: "ann", password: "x")),
    (#"{"auths":{"r.example:5000":{"auth":"YW5uOnA6dw==","identitytoken":"it"}}}"#, .identityToken("it")),
    (#"{"auths":{"r.example:5000":{"registrytoken":"rt"}}}"#, .registryToken("rt")),
    (
      #"{"auths":{"r.example:5000":{"username":"a","password":"1"},"r.example:5000/team":{"username":"b","password":"2"}}}"#,
      .password(user: "b", password: "2")
    ),
  ])
  func readsConfig(_ json: String, _ expected: Credential) throws {
    let config = try DockerConfig(json)
    let found = try Credentials(environment: config.environment).find("r.example:5000", repository: "team/model")
    #expect(found == expected)
  }

  @Test(arguments: [
    "", "  \n", "{}", #"{"auths":{}}"#, #"{"auths":{"r.example":{"auth":"YW5uOnA6dw=="}}}"#,
    #"{"auths":{"r.example:5000":{}}}"#, #"{"auths":{"r.example:5000/tea":{"auth":"YW5uOnA6dw=="}}}"#,
    #"{"auths":{"other.r.example:5000":{"auth":"YW5uOnA6dw=="}}}"#,
    #"{"auths":{"https://r.example:5000.evil/":{"auth":"YW5uOnA6dw=="}}}"#,
  ])
  func isAnonymousWhereNothingFits(_ json: String) throws {
    let config = try DockerConfig(json)
    #expect(try Credentials(environment: config.environment).find("r.example:5000", repository: "team/model") == nil)
  }

  @Test(arguments: [
    "{", "[]", #"{"auths":[]}"#, #"{"auths":{"r.example:5000":{"auth":"s3cret!"}}}"#,
    #"{"auths":{"r.example:5000":{"auth":"czNjcmV0"}}}"#, #"{"credsStore":"../../bin/s3cret"}"#,
    #"{"credsStore":"not-installed"}"#,
  ])
  func refusesWhatCannotBeUsed(_ json: String) throws {
    let config = try DockerConfig(json)
    let error = #expect(throws: DistributionError.self) {
      try Credentials(environment: config.environment).find("r.example:5000", repository: "team/model")
    }
    #expect(error?.code == .credentials)
  }

  @Test func looksInAllPlaces() throws {
    let home = try TemporaryDirectory()
    let environment = ["HOME": home.path.string, "XDG_RUNTIME_DIR": home.path.appending("run").string]
    let credentials = Credentials(environment: environment)
    #expect(try credentials.find("r.example:5000", repository: "a") == nil)
    try home.write(".config/containers/auth.json", #"{"auths":{"r.example:5000":{"username":"c","password":"3"}}}"#)
    #expect(try credentials.find("r.example:5000", repository: "a") == .password(user: "c", password: "3"))
    try home.write("run/containers/auth.json", #"{"auths":{"r.example:5000":{"username":"b","password":"2"}}}"#)
    #expect(try credentials.find("r.example:5000", repository: "a") == .password(user: "b", password: "2"))
    try home.write(".docker/config.json", #"{"auths":{"r.example:5000":{"username":"a","password":"1"}}}"#)
    #expect(try credentials.find("r.example:5000", repository: "a") == .password(user: "a", password: "1"))
  }

  /// A helper that prints its input, followed by `script`.
  private func helper(_ script: String, config json: String) throws -> DockerConfig {
    let config = try DockerConfig(json)
    let text = "#!/bin/sh\nPATH=/usr/bin:/bin\nread -r server\necho \"$1 $server\" >> \"${0%/*}/asked\"\n\(script)\n"
    try config.directory.write("docker-credential-test", text, mode: 0o755)
    return config
  }

  @Test(arguments: [
    (#"{"credsStore":"test"}"#, "get r.example:5000\n"),
    (#"{"credHelpers":{"r.example:5000":"test"},"credsStore":"absent"}"#, "get r.example:5000\n"),
    (#"{"credsStore":"test","auths":{"https://r.example:5000/v1/":{}}}"#, "get https://r.example:5000/v1/\n"),
  ])
  func asksHelpers(_ json: String, _ asked: String) throws {
    let config = try helper(#"echo '{"ServerURL":"x","Username":"ann","Secret":"s"}'"#, config: json)
    let found = try Credentials(environment: config.environment).find("r.example:5000", repository: "a")
    #expect(found == .password(user: "ann", password: "s"))
    let file = config.directory.path.appending("asked")
    #expect(try String(decoding: FileBlob(file).bytes(), as: UTF8.self) == asked)
  }

  @Test func aHelperMayGiveAnIdentityToken() throws {
    let config = try helper(#"echo '{"Username":"<token>","Secret":"it"}'"#, config: #"{"credsStore":"test"}"#)
    #expect(try Credentials(environment: config.environment).find("r.example", repository: "a") == .identityToken("it"))
  }

  @Test func aHelperThatHasNothingMeansAnonymous() throws {
    let config = try helper("echo credentials not found in native keychain; exit 1", config: #"{"credsStore":"test"}"#)
    #expect(try Credentials(environment: config.environment).find("r.example", repository: "a") == nil)
  }

  @Test(arguments: ["echo s3cret; echo s3cret >&2; exit 3", "echo s3cret", "echo '{\"Secret\":\"s3cret\"}'"])
  func aHelpersOutputIsNotShown(_ script: String) throws {
    let config = try helper(script, config: #"{"credsStore":"test"}"#)
    let error = #expect(throws: DistributionError.self) {
      try Credentials(environment: config.environment).find("r.example", repository: "a")
    }
    #expect(error?.code == .credentials)
    #expect(error?.description.contains("s3cret") == false)
  }

  @Test func anIdentityTokenIsExchangedInAForm() async throws {
    let manifest = try RemoteFaultTests.manifest()
    let tokens = try ScriptedServer { _ in .init(200, text: #"{"access_token":"a"}"#) }
    let registry = try ScriptedServer { request in
      request.header("authorization") == "Bearer a"
        ? RemoteFaultTests.answer(manifest)
        : .init(401, [("WWW-Authenticate", "Bearer realm=\"http://\(tokens.host)/token?x=1\",service=\"s p\"")])
    }
    let config = try DockerConfig(#"{"auths":{"\#(registry.host)":{"identitytoken":"r&t"}}}"#)
    _ = try await repository(registry.host, environment: config.environment).resolve("latest")
    let asked = try #require(tokens.requests.first)
    #expect(asked.method == "POST")
    #expect(asked.target == "/token?x=1")
    #expect(asked.header("authorization") == nil)
    #expect(
      String(decoding: asked.body, as: UTF8.self)
        == "grant_type=refresh_token&client_id=opz&refresh_token=r%26t&service=s%20p&scope=repository%3Ateam%2Fmodel%3Apull"
    )
  }

  @Test func tokensAreKeptAndRefreshed() async throws {
    let manifest = try RemoteFaultTests.manifest()
    let tokens = try ScriptedServer { request in
      // The first token expires before it is used twice.
      .init(200, text: #"{"token":"t\#(request.number)","expires_in":\#(request.number == 1 ? 0.001 : 600)}"#)
    }
    let registry = try ScriptedServer { request in
      request.header("authorization") == nil
        ? .init(401, [("WWW-Authenticate", "Bearer realm=\"http://\(tokens.host)/\",service=\"s\"")])
        : RemoteFaultTests.answer(manifest)
    }
    let remote = try repository(registry.host)
    for _ in 0..<5 { _ = try await remote.resolve("latest") }
    #expect(tokens.requests.count == 2)
    #expect(registry.requests.count == 6)
  }
}

/// What a child process inherits.
@Suite struct InheritanceTests {
  @Test func noConnectionIsInherited() async throws {
    let server = try ScriptedServer { _ in .init(404) }
    let remote = try repository(server.host)
    // The connection stays open for the next request.
    _ = try? await remote.resolve("latest")
    let port = try #require(UInt16(server.host.split(separator: ":")[1]))
    let open = try await blocking {
      try Directory.entries("/proc/self/fd").compactMap { Int32($0.string) }.filter { isConnected($0, to: port) }
    }
    #expect(!open.isEmpty)
    for descriptor in open { #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0) }
    _ = remote
  }

  private func isConnected(_ descriptor: Int32, to port: UInt16) -> Bool {
    var peer = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &peer) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &length) }
    }
    return code == 0 && peer.sin_port == port.bigEndian
  }
}
