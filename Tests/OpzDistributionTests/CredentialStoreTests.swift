import FoundationEssentials
import OpzIO
import OpzJSON
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzDistribution

@Suite("Storing and removing logins")
struct CredentialStoreTests {
  private static let secret = "s3cr3t-päss/\"word"

  private func text(_ path: FilePath) throws -> String { String(decoding: try FileBlob(path).bytes(), as: UTF8.self) }

  @Test("the file is private to its owner, and everything else in it is kept")
  func file() throws {
    let before = """
      {
        "psFormat": "table {{.ID}}\\t<&>",
        "auths" : { "other.example": { "auth" : "YTpi" } } ,
        "big": 123456789012345678901234567890, "HttpHeaders": {"X-A": "1"}
      }

      """
    let config = try DockerConfig(before)
    let file = config.directory.path.appending("config.json")
    let store = CredentialStore(environment: config.environment)
    #expect(try store.save("r.example:5000", user: "ann", secret: Self.secret) == .file(file))
    #expect(try FileStatus.of(file).mode & 0o777 == 0o600)
    let found = try Credentials(environment: config.environment).find("r.example:5000", repository: "a/b")
    #expect(found == .password(user: "ann", password: Self.secret))
    let after = try text(file)
    #expect(after.contains("123456789012345678901234567890") && after.contains(#"{ "auth" : "YTpi" }"#))

    _ = try store.save("r.example:5000", user: "bob", secret: "new")
    #expect(
      try Credentials(environment: config.environment).find("r.example:5000", repository: "")
        == .password(user: "bob", password: "new"))
    #expect(try store.erase("R.example:5000") == [.file(file)])
    #expect(try text(file) == before, "what was there before is there again")
    #expect(try store.erase("r.example:5000") == [])
  }

  @Test("file and directory need not exist; a link stays a link")
  func places() throws {
    let home = try TemporaryDirectory()
    let environment = ["HOME": home.path.string]
    let file = home.path.appending(".docker/config.json")
    #expect(try CredentialStore(environment: environment).save("r.example", user: "a", secret: "b") == .file(file))
    #expect(try FileStatus.of(home.path.appending(".docker")).mode & 0o777 == 0o700)
    let podman = home.path.appending("auth.json")
    let chosen = CredentialStore(environment: environment, file: podman)
    #expect(try chosen.save("r.example", user: "c", secret: "d") == .file(podman))
    #expect(try text(podman).contains("Yzpk"))

    let real = try home.write("real/config.json", "{}")
    let linked = try TemporaryDirectory()
    let link = linked.path.appending("config.json")
    #expect(try ChildProcess.run(["ln", "-s", real.string, link.string]).status == 0)
    _ = try CredentialStore(environment: ["DOCKER_CONFIG": linked.path.string]).save(
      "r.example", user: "a", secret: "b")
    #expect(try FileStatus.of(link, followLinks: false).kind != .file)
    #expect(try text(real).contains("YTpi"))
    #expect(throws: DistributionError.self) {
      try CredentialStore(environment: [:]).save("r.example", user: "a", secret: "b")
    }
  }

  @Test(
    "a file that is not docker's is left alone",
    arguments: ["[]", "{", #"{"auths":[]}"#, #"{"auths":"x"}"#, "{} x", "\u{FEFF}{}", #"{"auths":{"a":1"#])
  func foreign(content: String) throws {
    let config = try DockerConfig(content)
    let error = #expect(throws: DistributionError.self) {
      try CredentialStore(environment: config.environment).save("r.example", user: "a", secret: Self.secret)
    }
    #expect(error?.code == .credentials && error?.description.contains(Self.secret) == false)
    #expect(try text(config.directory.path.appending("config.json")) == content)
  }

  /// A credential helper that keeps each server's entry in its own file.
  private func helper(_ json: String) throws -> DockerConfig {
    let config = try DockerConfig(json)
    let script = """
      #!/bin/sh
      PATH=/usr/bin:/bin
      cd "${0%/*}"
      echo "$1" >> verbs
      case $1 in
      store) cat > kept ;;
      erase) cat > erased; rm -f kept ;;
      get) if [ -f kept ]; then cat kept; else echo "credentials not found in native keychain"; exit 1; fi ;;
      esac

      """
    try config.directory.write("docker-credential-test", script, mode: 0o755)
    return config
  }

  @Test(
    "if a helper is set for the host, it stores the secret and the file does not",
    arguments: [
      (#"{"credsStore":"test"}"#, "r.example"), (#"{"credHelpers":{"r.example":"test"}}"#, "r.example"),
      (#"{"credsStore":"test","auths":{"https://r.example/v1/":{"auth":"b2xkOm9sZA=="}}}"#, "https://r.example/v1/"),
    ])
  func helpers(json: String, server: String) throws {
    let config = try helper(json)
    let store = CredentialStore(environment: config.environment)
    #expect(try store.save("r.example", user: "ann", secret: Self.secret) == .helper("test"))
    let kept = try CanonicalJSON.decode(
      [String: String].self, from: try FileBlob(config.directory.path.appending("kept")).bytes(), subject: "kept")
    #expect(kept == ["ServerURL": server, "Username": "ann", "Secret": Self.secret])
    let file = try text(config.directory.path.appending("config.json"))
    #expect(!file.contains("auth\"") && !file.contains("b2xkOm9sZA"))
    #expect(
      try Credentials(environment: config.environment).find("r.example", repository: "x")
        == .password(user: "ann", password: Self.secret))
    #expect(try store.erase("r.example") == [.helper("test")])
    #expect(try text(config.directory.path.appending("erased")) == server)
    #expect(try Credentials(environment: config.environment).find("r.example", repository: "x") == nil)
  }

  @Test("a failing helper loses nothing and reveals nothing")
  func brokenHelper() throws {
    let config = try DockerConfig(#"{"credsStore":"broken"}"#)
    try config.directory.write("docker-credential-broken", "#!/bin/sh\nPATH=/usr/bin:/bin\ncat; exit 1\n", mode: 0o755)
    let error = #expect(throws: DistributionError.self) {
      try CredentialStore(environment: config.environment).save("r.example", user: "ann", secret: Self.secret)
    }
    #expect(error?.description.contains("s3cr3t") == false)
    #expect(try text(config.directory.path.appending("config.json")) == #"{"credsStore":"broken"}"#)
  }

  @Test("concurrent logins do not overwrite each other")
  func parallel() async throws {
    let config = try DockerConfig("{}")
    let store = CredentialStore(environment: config.environment)
    _ = try await concurrently(Array(0..<24), limit: 12) { number in
      try await blocking { try store.save("r\(number).example", user: "u", secret: "s\(number)") }
    }
    for number in 0..<24 {
      #expect(
        try Credentials(environment: config.environment).find("r\(number).example", repository: "x")
          == .password(user: "u", password: "s\(number)"))
    }
  }

  @Test("any text is unchanged after a login and a logout", arguments: UInt64(1)...60)
  func property(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let before = Self.object(&random, depth: 0)
    let bytes = Array(before.utf8)
    var text = try JSONEdit(bytes)
    let old = try CanonicalJSON.decode([String: JSONValue].self, from: bytes, subject: "before")
    let isSet = try text.set("auths", "new.example", to: #"{"auth": "x"}"#)
    #expect(isSet)
    var new = try CanonicalJSON.decode([String: JSONValue].self, from: text.bytes, subject: "after")
    guard case .object(var auths)? = new["auths"] else { return #expect(Bool(false), "no auths") }
    #expect(auths.removeValue(forKey: "new.example") == .object(["auth": "x"]))
    new["auths"] = nil
    var rest = old
    let oldAuths = rest.removeValue(forKey: "auths")
    #expect(new == rest)
    if case .object(let all)? = oldAuths { #expect(auths == all) } else { #expect(auths.isEmpty) }
    let count = try text.remove("auths") { $0 == "new.example" }
    #expect(count == 1)
    let last = try CanonicalJSON.decode([String: JSONValue].self, from: text.bytes, subject: "last")
    #expect(last["auths"] == (oldAuths.flatMap { if case .object = $0 { $0 } else { nil } } ?? .object([:])))
  }

  private static func space(_ random: inout SeededGenerator) -> String {
    ["", " ", "\n\t", "  \r\n"][Int(random.next() % 4)]
  }

  private static func object(_ random: inout SeededGenerator, depth: Int) -> String {
    let keys = ["auths", "a", "k\\\"ey", "{", "credsStore", "\\u00e9", "x,y"].prefix(Int(random.next() % 8))
    let members = keys.map { key in
      let value = key == "auths" && depth == 0 ? auths(&random) : value(&random, depth: depth)
      return space(&random) + "\"\(key)\"" + space(&random) + ":" + space(&random) + value + space(&random)
    }
    return "{" + (members.isEmpty ? space(&random) : members.joined(separator: ",")) + "}"
  }

  private static func auths(_ random: inout SeededGenerator) -> String {
    random.next() % 4 == 0 ? "null" : object(&random, depth: 1)
  }

  private static func value(_ random: inout SeededGenerator, depth: Int) -> String {
    switch random.next() % (depth < 3 ? 7 : 5) {
    case 0: "\"}{][\\\\\\\",:\""
    case 1: "-1.5e3"
    case 2: "true"
    case 3: "null"
    case 4: "\"\""
    case 5: "[" + space(&random) + value(&random, depth: depth + 1) + "," + value(&random, depth: depth + 1) + "]"
    default: object(&random, depth: depth + 1)
    }
  }

  // MARK: Real registries and other readers

  private func check(_ host: String, _ user: String, secret: String) async throws -> RemoteLogin.Verdict {
    try await RemoteLogin(host, environment: [:], userAgent: "opz-tests/1").check(user: user, secret: secret)
  }

  @Test("a secret is tried as user and password")
  func basic() async throws {
    let server = try RegistryServer(.basic(user: "ann", password: "right"))
    #expect(try await check(server.host, "ann", secret: "right") == .accepted)
    for (user, secret) in [("ann", "wrong"), ("bob", "right")] {
      let error = await failure { try await check(server.host, user, secret: secret) }
      #expect(error?.code == .unauthorized && error?.description.contains(secret) == false)
    }
    let open = try RegistryServer()
    #expect(try await check(open.host, "ann", secret: "right") == .notAsked)
  }

  @Test("a secret is tried at the token server")
  func token() async throws {
    let tokens = try TokenServer(user: "ann", password: "right")
    let server = try RegistryServer(
      .token(
        realm: tokens.realm, service: TokenServer.service, issuer: TokenServer.issuer, certificate: tokens.certificate))
    #expect(try await check(server.host, "ann", secret: "right") == .accepted)
    let error = await failure { try await check(server.host, "ann", secret: "wrong-one") }
    #expect(error?.code == .unauthorized && error?.description.contains("wrong-one") == false)
  }

  @Test("skopeo and podman read stored logins, and opz reads podman's")
  func peers() async throws {
    let server = try RegistryServer(.basic(user: "ann", password: Self.secret))
    let directory = try TemporaryDirectory()
    let file = directory.path.appending("auth.json")
    _ = try CredentialStore(environment: [:], file: file).save(server.host, user: "ann", secret: Self.secret)
    let name = try ChildProcess.run(["podman", "login", "--get-login", "--authfile", file.string, server.host])
    #expect(name.status == 0 && name.text == "ann\n", "\(name.errorText)")
    let remote = try repository(
      server.host, environment: ["REGISTRY_AUTH_FILE": file.string, "HOME": directory.path.string])
    try await remote.put(.emptyConfig, from: BytesBlob(Array("{}".utf8)))
    let manifest = try Manifest(.init(config: .emptyConfig, layers: []))
    try await remote.put(manifest.descriptor, from: BytesBlob(manifest.raw))
    try await remote.tag(manifest.descriptor, as: "1")
    let read = try ChildProcess.run([
      "skopeo", "inspect", "--raw", "--tls-verify=false", "--authfile", file.string,
      "docker://\(server.host)/team/model:1",
    ])
    #expect(read.output == manifest.raw, "\(read.errorText)")

    let other = directory.path.appending("podman.json")
    let login = try ChildProcess.run(
      [
        "podman", "login", "--tls-verify=false", "--authfile", other.string, "-u", "ann", "--password-stdin",
        server.host,
      ], input: Array(Self.secret.utf8))
    #expect(login.status == 0, "\(login.errorText)")
    let places = try CredentialStore(environment: [:], file: other).erase(server.host)
    #expect(places == [.file(other)])
    let gone = try ChildProcess.run(["podman", "login", "--get-login", "--authfile", other.string, server.host])
    #expect(gone.status != 0)
  }
}
