import OpzHTTP
import OpzIO
import OpzOCI
import OpzTestKit
import Testing

@testable import OpzDistribution

/// A registry that tries to have its user's credentials sent elsewhere (CVE-2020-15157 and later ones).
///
/// The second server is the sink: no request to it may contain an Authorization header or a secret.
@Suite struct CredentialSinkTests {
  private typealias Answer = ScriptedServer.Answer
  private typealias Request = ScriptedServer.Request

  /// Which of the registry's responses contains the sink's address.
  enum Lure: String, CaseIterable, Sendable {
    case head301, head302, head303, head307, head308
    case get301, get302, get303, get307, get308
    case getBlob302, getBlob307
    case post307, post308, put307, put308
    case manifestPut307, manifestPut308
    case uploadLocation, uploadLocationSchemeless, uploadLocationUser
    case mountLocation
    case userInRedirect, backslashInRedirect, twoHops, hopAndBack
    case sinkChallengesBasic, sinkChallengesBearer, locationChallengesBasic
    case referrersRedirect, referrersLink
    case patch307, patch308, patchLocation, patchLocationPort, patchCutThenStatus, closing307, delete307

    var isOfChunks: Bool {
      [.patch307, .patch308, .patchLocation, .patchLocationPort, .patchCutThenStatus, .closing307, .delete307]
        .contains(self)
    }
  }

  /// How the client logs in at the registry.
  enum Login: String, CaseIterable, Sendable {
    case basic, bearer
  }

  @Test(arguments: Lure.allCases, Login.allCases)
  func nothingReachesTheSink(_ lure: Lure, _ login: Login) async throws {
    let manifest = try RemoteFaultTests.manifest()
    let sink = try ScriptedServer { request in
      switch lure {
      case .sinkChallengesBasic, .locationChallengesBasic:
        return Answer(401, [("WWW-Authenticate", "Basic realm=\"sink\"")])
      case .sinkChallengesBearer:
        let realm = "http://\(request.header("host") ?? "")/token"
        return Answer(401, [("WWW-Authenticate", "Bearer realm=\"\(realm)\",service=\"sink\"")])
      case .hopAndBack:
        return Answer(307, [("Location", request.target.split(separator: "back=").last.map(String.init) ?? "/")])
      default: return RemoteFaultTests.answer(manifest)
      }
    }
    let tokens = try ScriptedServer { _ in Answer(200, text: #"{"token":"t0ken-secret","expires_in":600}"#) }
    let registry = try ScriptedServer { request in
      guard Self.isLoggedIn(request) else {
        let bearer = "Bearer realm=\"http://\(tokens.host)/token\",service=\"s\""
        return Answer(401, [("WWW-Authenticate", login == .basic ? "Basic realm=\"r\"" : bearer)])
      }
      return Self.answer(request, lure, sink: sink.host)
    }
    let config = try DockerConfig(registry.host, user: "ann", password: "passw0rd-secret")
    let content = randomBytes(1000)
    let blob = Descriptor.of(content, .layerTar)
    let mounts = lure == .mountLocation ? [blob.digest: ["team/base"]] : [:]
    let remote = try repository(registry.host, environment: config.environment, mounts: mounts)
    if lure.isOfChunks { remote.learn { $0.uploadMethod = .chunked } }
    _ = try? await remote.resolve("latest")
    _ = try? await remote.contains(blob)
    _ = try? await readAll(RemoteBlob(client: remote.client, descriptor: blob))
    _ = try? await remote.put(blob, from: BytesBlob(content))
    _ = try? await remote.put(manifest.descriptor, from: BytesBlob(manifest.raw))
    _ = try? await remote.referrers(of: blob.digest)

    #expect(registry.requests.contains { Self.isLoggedIn($0) }, "the client never logged in, so this proves nothing")
    let mustReach: [Lure] = [
      .patch307, .patchLocation, .patchLocationPort, .patchCutThenStatus, .closing307, .delete307, .get307, .head307,
      .getBlob307, .put307, .uploadLocation, .mountLocation, .hopAndBack,
    ]
    if mustReach.contains(lure) { #expect(!sink.requests.isEmpty, "the lure never worked, so this proves nothing") }
    for request in sink.requests {
      #expect(request.header("authorization") == nil, "\(request.method) \(request.target)")
      let all =
        request.target + request.headers.map { $0.name + $0.value }.joined()
        + String(decoding: request.body, as: UTF8.self)
      #expect(!all.contains("secret"))
      #expect(!all.contains("YW5u"), "the start of ann's password in base64")
    }
    if lure == .hopAndBack {
      let back = registry.requests.filter { $0.path == "/back" }
      #expect(back.allSatisfy { $0.header("authorization") == nil }, "a stranger chose this request")
    }
  }

  @Test(arguments: [
    "http://10.0.0.1/token", "http://192.168.1.1/token", "http://169.254.169.254/latest/meta-data", "http://0.0.0.0/t",
    "http://[fe80::1]/t", "http://[fd00::1]/t", "http://example.com/token", "ftp://127.0.0.1/t", "file:///etc/passwd",
    "http://user:pass@127.0.0.1/t", "http://2130706433/t", "http://0x7f.1/t", "http://127.1/t", "http://0177.0.0.1/t",
    "http://127.0.0.1\\@example.com/", "//example.com/token", "/token", "", "https://169.254.169.254/t",
    "https://10.1.2.3/t", "http://[::ffff:10.0.0.1]/t", "http://example.com:80/t",
  ])
  func refusesRealms(_ realm: String) async throws {
    let registry = try ScriptedServer { _ in
      Answer(401, [("WWW-Authenticate", "Bearer realm=\"\(realm)\",service=\"s\"")])
    }
    let config = try DockerConfig(registry.host, user: "ann", password: "passw0rd-secret")
    let remote = try repository(registry.host, environment: config.environment)
    let error = await failure { try await remote.resolve("latest") }
    #expect(error?.code == .refusedAddress || error?.code == .unauthorized)
    #expect(registry.requests.allSatisfy { $0.header("authorization") == nil })
    #expect(registry.requests.count == 1)
  }

  @Test(arguments: [301, 302, 303, 307, 308], [false, true])
  func aTokenServersRedirectIsNotFollowed(_ status: Int, _ isIdentity: Bool) async throws {
    let sink = try ScriptedServer { _ in Answer(200, text: #"{"token":"x"}"#) }
    let tokens = try ScriptedServer { _ in Answer(status, [("Location", "http://\(sink.host)/token")]) }
    let registry = try ScriptedServer { _ in
      Answer(401, [("WWW-Authenticate", "Bearer realm=\"http://\(tokens.host)/token\",service=\"s\"")])
    }
    let config =
      isIdentity
      ? try DockerConfig(#"{"auths":{"\#(registry.host)":{"identitytoken":"refresh-secret"}}}"#)
      : try DockerConfig(registry.host, user: "ann", password: "passw0rd-secret")
    let error = await failure { try await repository(registry.host, environment: config.environment).resolve("latest") }
    #expect(error?.code == .refusedAddress)
    #expect(sink.requests.isEmpty)
    #expect(tokens.requests.count == 1)
  }

  @Test(arguments: [
    "http://10.0.0.1/x", "http://169.254.169.254/x", "https://[fe80::1]/x", "https://192.168.0.1/x",
    "gopher://127.0.0.1/x",
    "http://example.com/x", "http://2130706432/x", "javascript:alert(1)", "http://127.0.0.1:99999/x", "http:///x",
  ])
  func refusesLocations(_ location: String) async throws {
    let registry = try ScriptedServer { _ in Answer(307, [("Location", location)]) }
    let error = await failure { try await repository(registry.host).resolve("latest") }
    #expect(error?.code == .refusedAddress)
    #expect(registry.requests.count == 1)
  }

  @Test(arguments: [
    "http://registry.example/v2/", "http://other.example/", "http://registry.example:443/", "https://127.0.0.1/",
    "https://localhost/", "https://10.0.0.1/", "https://[::1]/", "https://x.localhost/",
  ])
  func refusesATokenServer(_ realm: String) throws {
    let registry = try #require(Origin(.https, authority: "registry.example"))
    for insecure in [false, true] {
      let policy = AddressPolicy(home: registry, insecure: insecure)
      let error = #expect(throws: HTTPError.self) { try policy.checkRealm(#require(WebAddress(realm))) }
      #expect(error.map { DistributionError($0).code } == .refusedAddress)
    }
  }

  @Test(arguments: [
    "https://auth.example/token", "https://registry.example:8443/token", "https://registry.example/token",
  ])
  func takesATokenServer(_ realm: String) throws {
    let registry = try #require(Origin(.https, authority: "registry.example"))
    try AddressPolicy(home: registry, insecure: false).checkRealm(#require(WebAddress(realm)))
  }

  private static func isLoggedIn(_ request: Request) -> Bool { request.header("authorization") != nil }

  // Only the registry's own responses; everything that the lure does not concern works.
  private static func answer(_ request: Request, _ lure: Lure, sink: String) -> Answer {
    let isManifest = request.path.contains("/manifests/")
    let to = { (status: Int) in Answer(status, [("Location", "http://\(sink)/x")]) }
    let status = Int(lure.rawValue.suffix(3)) ?? 307
    switch (lure, request.method) {
    case (.head301, "HEAD"), (.head302, "HEAD"), (.head303, "HEAD"), (.head307, "HEAD"), (.head308, "HEAD"):
      return to(status)
    case (.get301, "GET"), (.get302, "GET"), (.get303, "GET"), (.get307, "GET"), (.get308, "GET"): return to(status)
    case (.getBlob302, "GET") where !isManifest, (.getBlob307, "GET") where !isManifest: return to(status)
    case (.post307, "POST"), (.post308, "POST"): return to(status)
    case (.put307, "PUT") where !isManifest, (.put308, "PUT") where !isManifest: return to(status)
    case (.manifestPut307, "PUT") where isManifest, (.manifestPut308, "PUT") where isManifest: return to(status)
    case (.uploadLocation, "POST"), (.mountLocation, "POST"), (.locationChallengesBasic, "POST"): return to(202)
    case (.uploadLocationSchemeless, "POST"): return Answer(202, [("Location", "//\(sink)/x")])
    case (.uploadLocationUser, "POST"): return Answer(202, [("Location", "http://ann:x@\(sink)/x")])
    case (.userInRedirect, "GET"):
      return Answer(307, [("Location", "http://\(request.header("host") ?? "")@\(sink)/x")])
    case (.backslashInRedirect, "GET"):
      return Answer(307, [("Location", "http://\(sink)\\@\(request.header("host") ?? "")/")])
    case (.twoHops, "GET"): return request.path == "/hop" ? to(307) : Answer(307, [("Location", "/hop")])
    case (.hopAndBack, "GET"):
      return Answer(307, [("Location", "http://\(sink)/x?back=http://\(request.header("host") ?? "")/back")])
    case (.sinkChallengesBasic, "GET"), (.sinkChallengesBearer, "GET"): return to(307)
    case (.referrersRedirect, "GET") where request.path.contains("/referrers/"): return to(307)
    case (.referrersLink, "GET") where request.path.contains("/referrers/"):
      return Answer(200, [("Link", "<http://\(sink)/x>; rel=\"next\"")], text: #"{"schemaVersion":2,"manifests":[]}"#)
    case (.patch307, "PATCH"), (.patch308, "PATCH"): return to(status)
    case (.patchLocation, "PATCH"): return Answer(202, [("Location", "http://\(sink)/x"), ("Range", "0-0")])
    case (.patchLocationPort, "PATCH"): return Answer(202, [("Location", "//\(sink)/upload")])
    case (.patchCutThenStatus, "PATCH"): return .hangUp
    case (.patchCutThenStatus, "GET") where request.path == "/upload": return to(307)
    case (.closing307, "PUT") where request.header("content-length") == "0": return to(307)
    case (.delete307, "PATCH"): return Answer(403)
    case (.delete307, "DELETE"): return to(307)
    case (_, "PATCH"): return Answer(202, [("Location", "/upload")])
    case (_, "HEAD"): return Answer(404)
    case (_, "POST"): return Answer(202, [("Location", "/upload")])
    case (_, "PUT"): return Answer(201)
    default: return Answer(404)
    }
  }
}
