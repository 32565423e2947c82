import OpzDistribution
import OpzHTTP
import OpzIO
import OpzJSON
import OpzOCI
import OpzTestKit
import Testing

@testable import OpzHub

/// The quirks of each registry, as a client sees them.
@Suite("personalities", .serialized)
struct RegistryProfileTests {
  private let data = bytes(300_000)

  private func hub(_ name: String, limit: UInt64? = nil) async throws -> TestHub {
    var plan = FaultPlan(personality: name)
    plan.limit = limit
    return try await TestHub(plan: plan)
  }

  private func start(_ hub: TestHub, _ name: String = "a") async throws -> String {
    try #require(try await hub.ask("POST", "/v2/\(name)/blobs/uploads/")["location"])
  }

  private func manifest(_ config: MediaType = .empty, subject: Descriptor? = nil, _ text: String = "") throws
    -> Manifest
  {
    try Manifest(
      .init(
        config: Descriptor(mediaType: config, digest: Descriptor.emptyConfig.digest, size: 2), layers: [],
        subject: subject,
        annotations: ["n": text]))
  }

  @Test("there are at least twelve, with different names")
  func count() {
    #expect(RegistryProfile.all.count >= 12)
    #expect(Set(RegistryProfile.all.map(\.name)).count == RegistryProfile.all.count)
  }

  @Test("nexus: a stored manifest gets no other tag, and opz says which policy that is")
  func nexus() async throws {
    let hub = try await hub("nexus")
    let manifest = try manifest()
    try await hub.push(Array("{}".utf8), to: "a")
    #expect(try await hub.put(manifest, "a", reference: "1").status == 201)
    #expect(try await hub.put(manifest, "a", reference: "1").status == 201)
    let reply = try await hub.put(manifest, "a", reference: "2")
    #expect(
      reply.status == 400 && reply.code == "BLOB_UPLOAD_INVALID" && reply.text.contains("\"detail\":\"Repository does"))
    let remote = try RemoteRepository(
      Reference(host: hub.host, repository: "a"), environment: [:], userAgent: "opz-tests/1", retry: RetryPolicy())
    let error = await #expect(throws: DistributionError.self) { try await remote.tag(manifest.descriptor, as: "3") }
    #expect(error?.hint?.contains("disable redeploy") == true)
  }

  @Test("gitlab: no referrers, tokens of minutes")
  func gitlab() async throws {
    let hub = try await hub("gitlab")
    #expect(try await hub.ask("GET", "/v2/").status == 401)
    let token = try await hub.ask("GET", "/token?service=opz-hub&scope=repository:a:pull")
    #expect(token.text.contains("\"expires_in\":300"), "\(token.text)")
  }

  @Test("ecr: chunks are 201, Range does not advance, but all bytes are stored")
  func ecrRange() async throws {
    let hub = try await hub("ecr")
    let large = [UInt8](repeating: 7, count: 5 << 20)
    let place = try await start(hub)
    for (index, chunk) in [large, large, [1, 2, 3]].enumerated() {
      let reply = try await hub.ask("PATCH", place, body: chunk)
      #expect(reply.status == 201 && reply["range"] == "0-\((5 << 20) - 1)", "chunk \(index)")
    }
    #expect(try await hub.ask("PUT", "\(place)?digest=\(Digest.of(large + large + [1, 2, 3]))").status == 201)
  }

  @Test("ecr: only the last chunk may be small, a large one is refused")
  func ecrSizes() async throws {
    let hub = try await hub("ecr")
    let place = try await start(hub)
    #expect(try await hub.ask("PATCH", place, body: data).status == 201)
    #expect(try await hub.ask("PATCH", place, body: data).code == "SIZE_INVALID")
    let other = try await start(hub)
    let reply = try await hub.ask(
      "PATCH", other, headers: [("Content-Length", "\((10 << 20) + 1)"), ("Expect", "100-continue")])
    #expect(reply.status == 413)
  }

  @Test("ecr: a missing repository drops the connection; some manifests are throttled, some referrers refused")
  func ecrPushes() async throws {
    let hub = try await hub("ecr")
    let seen = try await hub.see(TestHub.request("POST", "/v2/missing/x/blobs/uploads/", host: hub.host))
    #expect(seen.bytes.isEmpty)
    try await hub.push(Array("{}".utf8), to: "a")
    var statuses: [Int] = []
    for index in 0..<6 { statuses.append(try await hub.put(manifest("\(index)"), "a", reference: "\(index)").status) }
    #expect(statuses == [201, 201, 429, 201, 201, 429])
    let other = try await self.hub("ecr")
    try await other.push(Array("{}".utf8), to: "a")
    statuses = []
    for index in 0..<2 {
      statuses.append(
        try await other.put(manifest(subject: .of([1], .imageManifest), "\(index)"), "a", reference: "\(index)").status)
    }
    #expect(statuses == [201, 405])
  }

  private func manifest(_ text: String) throws -> Manifest { try manifest(.empty, subject: nil, text) }

  @Test("ghcr: a chunk above 4 MiB is 416, a single PUT of it is accepted; the token server denies once")
  func ghcr() async throws {
    let hub = try await hub("ghcr")
    #expect(try await hub.ask("GET", "/token?scope=repository:a:pull,push").code == "DENIED")
    let token = try await token(hub, "repository:a:pull,push")
    let place = try #require(try await hub.ask("POST", "/v2/a/blobs/uploads/", headers: token)["location"])
    let large = [UInt8](repeating: 7, count: (4 << 20) + 1)
    #expect(try await hub.ask("PATCH", place, headers: token, body: large).status == 416)
    #expect(try await hub.ask("PUT", "\(place)?digest=\(Digest.of(large))", headers: token, body: large).status == 201)
  }

  private func token(_ hub: TestHub, _ scope: String) async throws -> [(String, String)] {
    struct Token: Decodable { let token: String }
    let reply = try await hub.ask("GET", "/token?service=opz-hub&scope=\(scope)")
    return [("Authorization", "Bearer \(try CanonicalJSON.decode(Token.self, from: reply.body, subject: "").token)")]
  }

  @Test("gar: a second chunk is 405")
  func gar() async throws {
    let hub = try await hub("gar")
    let token = try await token(hub, "repository:a:pull,push")
    let place = try #require(try await hub.ask("POST", "/v2/a/blobs/uploads/", headers: token)["location"])
    #expect(try await hub.ask("PATCH", place, headers: token, body: data).status == 202)
    #expect(try await hub.ask("PATCH", place, headers: token, body: data).status == 405)
  }

  @Test("acr: bytes a-b/* is refused, a-b is not")
  func acr() async throws {
    let hub = try await hub("acr")
    let token = try await token(hub, "repository:a:pull,push")
    let place = try #require(try await hub.ask("POST", "/v2/a/blobs/uploads/", headers: token)["location"])
    let last = data.count - 1
    #expect(
      try await hub.ask("PATCH", place, headers: token + [("Content-Range", "bytes 0-\(last)/*")], body: data).status
        == 400)
    #expect(
      try await hub.ask("PATCH", place, headers: token + [("Content-Range", "0-\(last)")], body: data).status == 202)
  }

  @Test("artifactory: PUT right after POST is 404, with a PATCH in between it works")
  func artifactory() async throws {
    let hub = try await hub("artifactory")
    let place = try await start(hub)
    #expect(try await hub.ask("PUT", "\(place)?digest=\(Digest.of(data))", body: data).status == 404)
    let other = try await start(hub)
    #expect(try await hub.ask("PATCH", other, body: data).status == 202)
    #expect(try await hub.ask("PUT", "\(other)?digest=\(Digest.of(data))").status == 201)
  }

  @Test("quay: configs of unknown types are refused, and mounts without from")
  func quay() async throws {
    let hub = try await hub("quay")
    try await hub.push(Array("{}".utf8), to: "a")
    #expect(try await hub.put(manifest(MediaType("application/x")), "a", reference: "1").code == "MANIFEST_INVALID")
    #expect(try await hub.put(manifest(.imageConfig), "a", reference: "1").status == 201)
    let digest = Descriptor.emptyConfig.digest
    #expect(try await hub.ask("POST", "/v2/a/blobs/uploads/?mount=\(digest)").status == 400)
    #expect(try await hub.ask("POST", "/v2/a/blobs/uploads/?mount=\(digest)&from=b").status == 201)
  }

  @Test("dockerhub: GET counts as a pull, HEAD does not")
  func dockerhub() async throws {
    let hub = try await hub("dockerhub", limit: 3)
    let token = try await token(hub, "repository:a:pull,push")
    _ = try await hub.ask(
      "POST", "/v2/a/blobs/uploads/?digest=\(Descriptor.emptyConfig.digest)", headers: token, body: Array("{}".utf8))
    let manifest = try manifest(.empty)
    _ = try await hub.ask(
      "PUT", "/v2/a/manifests/1", headers: token + [("Content-Type", "\(MediaType.imageManifest)")], body: manifest.raw)
    var statuses: [Int] = []
    for method in ["HEAD", "HEAD", "HEAD", "HEAD", "GET", "GET", "GET", "GET", "HEAD"] {
      statuses.append(try await hub.ask(method, "/v2/a/manifests/1", headers: token).status)
    }
    #expect(statuses == [200, 200, 200, 200, 200, 200, 200, 429, 200])
  }

  @Test("harbor-replicas: after a successful upload the first blob is unknown until it is uploaded again")
  func harbor() async throws {
    let hub = try await hub("harbor-replicas")
    let config = Array("{}".utf8)
    try await hub.push(config, to: "a")
    let place = "/v2/a/blobs/\(Digest.of(config))"
    #expect(try await hub.ask("HEAD", place).status == 404)
    #expect(try await hub.put(manifest(.empty), "a", reference: "1").code == "MANIFEST_BLOB_UNKNOWN")
    try await hub.push(config, to: "a")
    #expect(try await hub.ask("HEAD", place).status == 200)
    #expect(try await hub.put(manifest(.empty), "a", reference: "1").status == 201)
  }

  @Test("cloudflare, nginx-limit: a large body is 413 with an HTML page", arguments: ["cloudflare", "nginx-limit"])
  func proxies(_ name: String) async throws {
    let hub = try await hub(name, limit: 100_000)
    let reply = try await hub.ask("PATCH", try await start(hub), body: data)
    #expect(reply.status == 413 && reply["content-type"] == "text/html")
    #expect(reply["server"] == (name == "cloudflare" ? "cloudflare" : "nginx"))
    #expect(try await hub.ask("PATCH", try await start(hub), body: Array(data[..<99_999])).status == 202)
  }

  @Test("distribution-2.8: a cut inside a chunk ends the upload, a cut between chunks does not")
  func distributionCut() async throws {
    let hub = try await hub("distribution-2.8")
    let place = try await start(hub)
    let target = String(place.dropFirst("http://\(hub.host)".count))
    #expect(try await hub.ask("PATCH", target, body: Array(data[..<1000])).status == 202)
    #expect(try await hub.ask("GET", target)["range"] == "0-999")
    let (host, port, data) = (hub.host, hub.server.port, data)
    try await blocking {
      let connection = try RawConnection(port: port)
      connection.send(
        TestHub.request("PATCH", target, headers: [("Content-Length", "\(data.count)")], host: host) + data[..<50_000])
      connection.finishSending()
      _ = try connection.receiveAll()
    }
    #expect(try await hub.ask("GET", target).status == 404)
    #expect(try await hub.ask("PATCH", target, body: data).status == 404)
  }

  @Test(
    "distribution-2.8: chunks in any order, no referrers, 400 for a large manifest, and a state in Location"
  )
  func distribution() async throws {
    let hub = try await hub("distribution-2.8")
    let target = String(try await start(hub).dropFirst("http://\(hub.host)".count))
    #expect(target.hasSuffix("=="))
    #expect(
      try await hub.ask("PATCH", target, headers: [("Content-Range", "500-\(data.count + 499)")], body: data).status
        == 202)
    #expect(try await hub.ask("GET", String(target.prefix { $0 != "?" })).status == 404)
    #expect(try await hub.ask("PUT", "\(target)&digest=\(Digest.of(data))").status == 201)
    #expect(try await hub.ask("GET", "/v2/a/referrers/\(Digest.of(data))").status == 404)
    try await hub.push(Array("{}".utf8), to: "a")
    let pushed = try await hub.put(manifest(subject: .of([1], .imageManifest)), "a", reference: "1")
    #expect(pushed.status == 201 && pushed["oci-subject"] == nil)
    let large = try await hub.ask(
      "PUT", "/v2/a/manifests/2",
      headers: [
        ("Content-Type", "\(MediaType.imageManifest)"), ("Content-Length", "5000000"), ("Expect", "100-continue"),
      ])
    #expect(large.status == 400)
  }

  @Test("strict-chunks: announces its minimum and enforces it")
  func strictChunks() async throws {
    let hub = try await hub("strict-chunks")
    let reply = try await hub.ask("POST", "/v2/a/blobs/uploads/")
    #expect(reply["oci-chunk-min-length"] == "\(1 << 20)")
    let place = try #require(reply["location"])
    #expect(try await hub.ask("PATCH", place, body: data).status == 202)
    #expect(try await hub.ask("PATCH", place, body: data).status == 400)
  }

  @Test("tokens are required, valid for their scopes, and expire")
  func tokens() async throws {
    var plan = FaultPlan(personality: "short-tokens")
    plan.tokenSeconds = 3600
    let hub = try await TestHub(plan: plan)
    let refused = try await hub.ask("GET", "/v2/a/tags/list")
    #expect(refused.status == 401 && refused.code == "UNAUTHORIZED")
    #expect(
      refused["www-authenticate"]
        == #"Bearer realm="http://\#(hub.host)/token",service="opz-hub",scope="repository:a:pull""#)
    let token = try await token(hub, "repository:a:pull")
    #expect(try await hub.ask("GET", "/v2/a/tags/list", headers: token).status == 404)
    let other = try await hub.ask("GET", "/v2/b/tags/list", headers: token)
    #expect(other.status == 401 && other["www-authenticate"]?.hasSuffix(#"error="insufficient_scope""#) == true)
    #expect(try await hub.ask("POST", "/v2/a/blobs/uploads/", headers: token).status == 401)
    #expect(try await hub.ask("GET", "/v2/a/tags/list", headers: [("Authorization", "Bearer 00.00")]).status == 401)
    plan.tokenSeconds = 0
    let brief = try await TestHub(plan: plan)
    let late = try await brief.ask("GET", "/v2/a/tags/list", headers: try await self.token(brief, "repository:a:pull"))
    #expect(late.status == 401 && late["www-authenticate"]?.hasSuffix(#"error="invalid_token""#) == true)
  }

  @Test("zot: a push and a pull as specified")
  func zot() async throws {
    let hub = try await hub("zot")
    let manifest = try await hub.push(image: data, tag: "1")
    #expect(try await hub.ask("GET", "/v2/team/model/manifests/1").body == manifest.raw)
  }
}
