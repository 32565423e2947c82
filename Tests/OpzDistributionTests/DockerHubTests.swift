import FoundationEssentials
import OpzHTTP
import OpzHub
import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistryKit
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzDistribution

/// A server in place of Docker Hub: which requests it gets, by which name, and with whose credentials.
@Suite("Docker Hub") struct DockerHubTests {
  private static let hosts: Set<String> = ["registry-1.docker.io:443", "auth.docker.io:443"]
  private static let basic = "Basic " + Data("ann:s3cret".utf8).base64EncodedString()

  private func remote(_ name: String, _ environment: [String: String]) throws -> RemoteRepository {
    try RemoteRepository(Reference(parsing: name), environment: environment, retry: .quick, scheme: nil)
  }

  private func environment(_ hub: DockerHubServer, _ config: DockerConfig? = nil) -> [String: String] {
    hub.environment.merging(config?.environment ?? [:]) { one, _ in one }
  }

  @Test("is contacted at registry-1.docker.io and its token server, by the canonical name")
  func places() async throws {
    let hub = try DockerHubServer()
    let image = try RemoteFaultTests.manifest()
    let remote = try remote("index.docker.io/nginx", environment(hub))
    let content = randomBytes(10)
    try await remote.put(.of(content, .layerTar), from: BytesBlob(content))
    try await remote.put(.emptyConfig, from: BytesBlob(Array("{}".utf8)))
    try await remote.put(image.descriptor, from: BytesBlob(image.raw))
    try await remote.tag(image.descriptor, as: "1.27")
    let found = try await self.remote("docker.io/library/nginx", environment(hub)).resolve("1.27")
    #expect(found == image.descriptor)
    #expect(hub.targets == Self.hosts)
    let calls = hub.calls
    for call in calls where call.host == DockerHub.registry {
      #expect(call.target.hasPrefix("/v2/library/nginx/"), "\(call)")
    }
    let tokens = calls.filter { $0.host == "auth.docker.io" }
    #expect(!tokens.isEmpty)
    for token in tokens {
      #expect(token.target.contains("service=registry.docker.io") && token.authorization == nil)
      #expect(token.target.contains("scope=repository%3Alibrary%2Fnginx%3A"), "\(token)")
    }
    hub.stop()
  }

  static let keys = [
    "https://index.docker.io/v1/", "https://index.docker.io/v1", "http://index.docker.io/v1/", "index.docker.io",
    "index.docker.io/v1/", "docker.io", "https://docker.io", "registry-1.docker.io", "https://registry-1.docker.io/v2/",
    "docker.io/library", "docker.io/library/nginx", "Index.Docker.IO",
  ]

  @Test("its credentials are found under any spelling", arguments: keys, ["docker.io", "registry-1.docker.io"])
  func credentials(_ key: String, _ host: String) throws {
    let config = try DockerConfig(key, user: "ann", password: "s3cret")
    let found = try Credentials(environment: config.environment).find(host, repository: "library/nginx")
    #expect(found == .password(user: "ann", password: "s3cret"))
  }

  @Test(
    "its credentials are not found under another registry's name",
    arguments: [
      "docker.io.example", "hub.docker.com", "docker.io/ann", "docker.io/library/nginx-unprivileged", "xdocker.io",
      "https://index.docker.io/v1/access-token", "https://index.docker.io/v1/refresh-token",
      "https://docker.io.example/",
    ])
  func notTheirs(_ key: String) throws {
    let config = try DockerConfig(key, user: "ann", password: "s3cret")
    #expect(try Credentials(environment: config.environment).find("docker.io", repository: "library/nginx") == nil)
  }

  @Test("never gets another registry's credentials, and no other registry gets its own")
  func apart() throws {
    let config = try DockerConfig("https://index.docker.io/v1/", user: "ann", password: "s3cret")
    for host in ["ghcr.io", "docker.io.example", "index.docker.io.example", "localhost:5000"] {
      #expect(try Credentials(environment: config.environment).find(host, repository: "library/nginx") == nil)
    }
  }

  @Test("of several keys, a repository's key comes first, then docker's own")
  func order() throws {
    let entry = { (name: String) in #"{"username":"\#(name)","password":"x"}"# }
    let all =
      #"{"auths":{"docker.io":\#(entry("podman")),"https://index.docker.io/v1/":\#(entry("docker")),"docker.io/team":\#(entry("team"))}}"#
    let config = try DockerConfig(all)
    let own = Credentials(environment: config.environment)
    #expect(try own.find("docker.io", repository: "library/nginx") == .password(user: "docker", password: "x"))
    #expect(try own.find("docker.io", repository: "team/churn") == .password(user: "team", password: "x"))
  }

  @Test("gets the user's credentials at its token server, and nowhere else")
  func sends() async throws {
    let hub = try DockerHubServer(user: "ann", password: "s3cret")
    let config = try DockerConfig("https://index.docker.io/v1/", user: "ann", password: "s3cret")
    let error = await failure { try await remote("docker.io/ann/churn", environment(hub, config)).resolve("1") }
    #expect(error?.code == .notFound, "\(error.map { "\($0)" } ?? "")")
    for call in hub.calls {
      #expect((call.authorization == Self.basic) == (call.host == "auth.docker.io"), "\(call)")
    }
    let stranger = await failure { try await remote("docker.io/ann/churn", environment(hub)).resolve("1") }
    #expect(stranger?.code == .unauthorized)
    hub.stop()
  }

  /// A helper that knows one server and logs its requests.
  private func helper(_ known: String, config json: String) throws -> DockerConfig {
    let config = try DockerConfig(json)
    let script = """
      #!/bin/sh
      PATH=/usr/bin:/bin
      read -r server
      echo "$1 $server" >> "${0%/*}/asked"
      case "$1 $server" in
        "get \(known)") echo '{"Username":"ann","Secret":"s3cret"}' ;;
        get*) echo credentials not found in native keychain; exit 1 ;;
      esac

      """
    try config.directory.write("docker-credential-test", script, mode: 0o755)
    return config
  }

  private func asked(_ config: DockerConfig) throws -> [String] {
    String(decoding: try FileBlob(config.directory.path.appending("asked")).bytes(), as: UTF8.self)
      .split(separator: "\n").map(String.init)
  }

  @Test(
    "a helper is asked for docker's key first, then for the key as written",
    arguments: [
      (#"{"credsStore":"test"}"#, "https://index.docker.io/v1/", 1),
      (#"{"credsStore":"test","auths":{"https://index.docker.io/v1/":{}}}"#, "https://index.docker.io/v1/", 1),
      (#"{"credHelpers":{"https://index.docker.io/v1/":"test"}}"#, "https://index.docker.io/v1/", 1),
      (#"{"credHelpers":{"docker.io":"test"}}"#, "https://index.docker.io/v1/", 1),
      (#"{"credHelpers":{"docker.io":"test"}}"#, "docker.io", 2),
      (#"{"credHelpers":{"index.docker.io":"test"}}"#, "index.docker.io", 2),
      (#"{"credsStore":"test"}"#, "docker.io", 2),
    ])
  func helpers(_ json: String, _ known: String, questions: Int) throws {
    let config = try helper(known, config: json)
    let found = try Credentials(environment: config.environment).find("docker.io", repository: "library/nginx")
    #expect(found == .password(user: "ann", password: "s3cret"))
    let asked = try asked(config)
    #expect(asked.first == "get https://index.docker.io/v1/")
    #expect(asked.count == questions && asked.last == "get \(known)")
  }

  @Test(
    "a login is stored under docker's key, however the user spells the name",
    arguments: [
      "docker.io", "index.docker.io", "registry-1.docker.io", "https://index.docker.io/v1/", "Docker.io/",
    ])
  func keeps(_ name: String) throws {
    let config = try DockerConfig(#"{"auths":{"docker.io":{"auth":"eDp5"},"r.example":{"auth":"eDp5"}}}"#)
    let store = CredentialStore(environment: config.environment)
    _ = try store.save(name, user: "ann", secret: "s3cret")
    let file = config.directory.path.appending("config.json")
    let text = String(decoding: try FileBlob(file).bytes(), as: UTF8.self)
    let auths = try #require(try JSONValue(json: Array(text.utf8))["auths"]?.object)
    #expect(Set(auths.keys) == ["https://index.docker.io/v1/", "r.example"])
    for host in ["docker.io", "registry-1.docker.io"] {
      #expect(
        try Credentials(environment: config.environment).find(host, repository: "a/b")
          == .password(user: "ann", password: "s3cret"))
    }
    #expect(try store.erase(name) == [.file(file)])
    #expect(try Credentials(environment: config.environment).find("docker.io", repository: "a/b") == nil)
  }

  @Test("login and logout use docker's key with a helper") func keepsByHelper() throws {
    let config = try helper("https://index.docker.io/v1/", config: #"{"credsStore":"test"}"#)
    let store = CredentialStore(environment: config.environment)
    #expect(try store.save("docker.io", user: "ann", secret: "s3cret") == .helper("test"))
    #expect(try store.erase("index.docker.io") == [.helper("test")])
    let verbs = try asked(config)
    #expect(verbs.contains { $0.hasPrefix("store ") && $0.contains("index.docker.io") })
    #expect(verbs.contains("erase https://index.docker.io/v1/") && !verbs.contains("erase docker.io"))
  }

  @Test("accepts a login and refuses a wrong one") func login() async throws {
    let hub = try DockerHubServer(user: "ann", password: "s3cret")
    for name in ["docker.io", "https://index.docker.io/v1/"] {
      let login = try RemoteLogin(name, environment: hub.environment, userAgent: "opz-tests/1")
      #expect(try await login.check(user: "ann", secret: "s3cret") == .accepted)
      let error = await failure { try await login.check(user: "ann", secret: "wrong") }
      #expect(error?.code == .unauthorized)
    }
    #expect(hub.targets == Self.hosts)
    hub.stop()
  }

  @Test("is checked by opz doctor") func doctor() async throws {
    let hub = try DockerHubServer()
    let doctor = try RemoteDoctor("docker.io/ann/churn", environment: hub.environment, userAgent: "opz-tests/1")
    let probe = try await doctor.run()
    #expect(probe.registry == "https://registry-1.docker.io")
    #expect(probe.authentication == "bearer")
    #expect(hub.targets == Self.hosts)
    hub.stop()
  }

  @Test("is contacted only over TLS, even where other registries are not") func isNeverPlain() throws {
    let hub = try Reference(parsing: "docker.io/nginx")
    #expect(Origin(of: hub, insecure: true)?.description == "https://registry-1.docker.io")
    let other = try Reference(parsing: "registry.example/nginx")
    #expect(Origin(of: other, insecure: true)?.description == "http://registry.example")
  }

  @Test("its referrers list is used if there is one, whatever OCI-Subject says", arguments: [true, false])
  func referrers(_ saysSubject: Bool) async throws {
    let server = try SpecRegistry(.noReferrers(saysSubject: saysSubject))
    let remote = try repository(server.host)
    let image = try await RemoteFaultTests.putManifest(in: remote)
    let signature = try Manifest(
      .init(
        artifactType: MediaType("application/x"), config: .emptyConfig, layers: [],
        subject: image.descriptor.withoutAnnotations))
    var descriptor = signature.descriptor
    descriptor.artifactType = MediaType("application/x")
    try await remote.put(descriptor, from: BytesBlob(signature.raw))
    #expect(
      try await repository(server.host).referrers(of: image.descriptor.digest).map(\.digest) == [descriptor.digest])
    #expect(try await remote.contains(descriptor))
    server.stop()
  }
}
