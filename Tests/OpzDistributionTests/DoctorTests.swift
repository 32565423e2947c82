import OpzHTTP
import OpzIO
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzDistribution

@Suite("opz doctor")
struct DoctorTests {
  private func probe(
    _ place: String, environment: [String: String] = [:], deep: Bool = false, scheme: Origin.Scheme? = nil
  ) async throws -> RemoteProbe {
    var doctor = try RemoteDoctor(place, environment: environment, userAgent: "opz-tests/1", deep: deep)
    doctor.scheme = scheme
    doctor.budget = 64 << 20
    return try await doctor.run()
  }

  private func verdict(_ check: String, _ probe: RemoteProbe) -> RemoteProbe.Verdict? {
    probe.findings.first { $0.check == check }?.verdict
  }

  /// The uploads that a docker-registry has not forgotten, and their bytes. (2.8.2 cancels one, and then writes the state of its hash once
  /// more: some hundred bytes that belong to nothing.)
  private func uploads(_ server: RegistryServer) throws -> [String] {
    var root = server.file(of: .of([1]))
    for _ in 0..<5 { root.removeLastComponent() }
    let found = try ChildProcess.run([
      "find", root.string, "-path", "*_uploads/*", "-type", "f", "-not", "-path", "*/hashstates/*",
    ])
    return found.text.split(separator: "\n").map(String.init)
  }

  @Test("docker-registry 2.8.2, as it is known to be; nothing is left behind")
  func real() async throws {
    let server = try RegistryServer()
    let remote = try repository(server.host)
    try await remote.put(.emptyConfig, from: BytesBlob(Array("{}".utf8)))
    let manifest = try Manifest(.init(config: .emptyConfig, layers: []))
    try await remote.put(manifest.descriptor, from: BytesBlob(manifest.raw))
    try await remote.tag(manifest.descriptor, as: "1")

    let found = try await probe("\(server.host)/team/model", deep: true)
    #expect(found.isHealthy, "\(found.findings)")
    #expect(found.registry == "http://\(server.host)" && found.repository == "team/model")
    #expect((found.authentication, found.httpVersion, found.proxy) == ("none", "1.1", nil))
    #expect(
      (found.chunks, found.mounts, found.referrers, found.ranges, found.deletes) == (true, true, false, true, true))
    #expect((found.manifestTaken, found.chunkMinimum, found.smallestRefused) == (4 << 20, nil, nil))
    #expect(found.clockSkew.map { abs($0) <= 2 } == true)
    #expect(try #require(found.largestTaken) >= 20 << 20)
    #expect(found.sent <= (64 << 20) + (16 << 20))
    #expect(found.left == 0)
    #expect(try uploads(server) == [])
    // Neither a blob nor a manifest nor a tag came.
    let tags = try ChildProcess.run(["skopeo", "list-tags", "--tls-verify=false", "docker://\(server.host)/team/model"])
    #expect(tags.text.contains("\"1\"") && tags.text.filter { $0 == "," }.count == 1, "\(tags.text)")
    #expect(!FileStatus.exists(server.file(of: .of([UInt8](repeating: 0, count: 1 << 10)))))
  }

  @Test("what was found is what the next push knows")
  func lessons() async throws {
    let server = try RegistryServer()
    let directory = try TemporaryDirectory()
    let state = TransferState(directory: directory.path.appending("state"))
    let doctor = try RemoteDoctor(
      "\(server.host)/team/model", environment: [:], userAgent: "opz-tests/1", state: state)
    let found = try await doctor.run()
    let origin = try #require(Origin(.http, authority: server.host))
    let known = ProfileStore(origin, in: state.profiles).current
    #expect(found.referrers == false && known.referrers == false && known.uploadMethod == nil)
  }

  @Test("limits become requests of that size, and refused chunks become one request")
  func takenOver() {
    var probe = RemoteProbe(registry: "https://r.example", repository: "a")
    probe.largestTaken = 10 << 20
    var profile = RemoteRegistryProfile(registry: "https://r.example")
    profile.take(probe)
    #expect(profile.requestMaximum == nil, "nothing was refused")
    probe.smallestRefused = 11 << 20
    probe.chunkMinimum = 5 << 20
    profile.take(probe)
    #expect((profile.requestMaximum, profile.chunkMinimum, profile.uploadMethod) == (10 << 20, 5 << 20, nil))
    probe.chunkRefused = 5 << 20
    profile.take(probe)
    #expect(profile.uploadMethod == .monolithic)
    probe.chunkRefused = nil
    probe.chunks = true
    probe.chunkMinimum = .max
    profile.take(probe)
    #expect((profile.uploadMethod, profile.chunkMinimum) == (nil, 5 << 20))
  }

  @Test("without a repository it only reads; where nobody is let in it says how to log in")
  func reading() async throws {
    let server = try RegistryServer()
    let found = try await probe(server.host)
    #expect(found.isHealthy && found.repository == nil && verdict("repository", found) == .skipped)
    #expect(try uploads(server) == [])

    let closed = try RegistryServer(.basic(user: "ann", password: "right"))
    let refused = try await probe(closed.host)
    #expect(!refused.isHealthy && verdict("auth", refused) == .fail && refused.authentication == "basic")
    #expect(refused.findings.last?.action == "opz login \(closed.host)")
    let config = try DockerConfig(closed.host, user: "ann", password: "right")
    let known = try await probe("\(closed.host)/a/b", environment: config.environment)
    #expect(known.isHealthy && known.chunks == true)
    let shown = known.findings.map { "\($0.found) \($0.action)" }.joined()
    #expect(!shown.contains("right") && !shown.contains("YW5uOnJpZ2h0"))
  }

  @Test("the certificate's issuer and end; one that is not trusted")
  func tls() async throws {
    let server = try RegistryServer(tls: true)
    let found = try await probe(
      server.host, environment: ["SSL_CERT_FILE": server.certificate.string], scheme: .https)
    #expect(found.certificates.first?.subject.contains("opz-test") == true)
    #expect(found.certificates.first?.issuer.contains("opz-test") == true)
    #expect(found.certificates.first?.expires?.hasPrefix("20") == true)
    #expect(verdict("tls", found) == .warn, "it ends in two days")
    #expect(found.httpVersion == "2")
    let refused = try await probe(server.host, scheme: .https)
    #expect(refused.findings.map(\.check) == ["connection"] && !refused.isHealthy)
    #expect(refused.findings[0].action.contains("SSL_CERT_FILE"))
  }

  @Test("a proxy's limit is found, within a sixteenth and within the budget")
  func bodyLimit() async throws {
    let server = try RegistryServer()
    let proxy = try BodyLimitProxy(before: server.port, megabytes: 7)
    let found = try await probe("\(proxy.host)/team/model", deep: true)
    let taken = try #require(found.largestTaken)
    let refused = try #require(found.smallestRefused)
    let limit: UInt64 = 7 << 20
    #expect(taken <= limit && refused > limit && refused - taken <= max(taken / 16, 64 << 10))
    #expect(found.sent <= (64 << 20) + (16 << 20))
    #expect(verdict("body", found) == .ok)
    #expect(try uploads(server) == [])
    let narrow = try BodyLimitProxy(before: server.port, megabytes: 1)
    let small = try await probe("\(narrow.host)/team/model")
    #expect(small.smallestRefused == 5 << 20 && verdict("body", small) == .warn)
    #expect(verdict("manifests", small) == .warn)
  }

  @Test("nothing listens")
  func nobody() async throws {
    let port = try LoopbackListener.freePort()
    let found = try await probe("127.0.0.1:\(port)/a/b")
    #expect(found.findings.map(\.verdict) == [.fail])
  }

  // MARK: Other registries' ways

  /// A registry that takes uploads as `chunk` and `cancel` say, and refuses every manifest for its digest.
  private func personality(
    headers: [(String, String)] = [], cancel: Int = 204, chunk: @escaping @Sendable (UInt64) -> Int
  ) throws -> ScriptedServer {
    try ScriptedServer { request in
      switch (request.method, request.path) {
      case ("GET", "/v2/"): .init(200, headers)
      case ("POST", _): .init(202, [("Location", "/v2/a/b/blobs/uploads/1")] + headers)
      case ("PATCH", _): .init(chunk(request.bodySize), [("Location", "/v2/a/b/blobs/uploads/1")])
      case ("DELETE", let path): .init(path.contains("uploads") ? cancel : 405)
      case ("GET", "/v2/a/b/blobs/uploads/1"): .init(204, [("Range", "0-2047")])
      case ("PUT", _): .init(400, text: #"{"errors":[{"code":"DIGEST_INVALID"}]}"#)
      default: .init(404)
      }
    }
  }

  @Test("chunks above 4 MiB are answered 416: bodies may be larger, chunks not")
  func github() async throws {
    let server = try personality { $0 > 4 << 20 ? 416 : 202 }
    let found = try await probe("\(server.host)/a/b", deep: true)
    #expect(found.chunks == true && found.chunkRefused == 5 << 20 && found.smallestRefused == nil)
    #expect(verdict("chunk size", found) == .warn)
    #expect(server.requests.contains { $0.method == "PUT" && $0.path.contains("uploads") && $0.bodySize > 16 << 20 })
  }

  @Test("chunks have a minimum that the registry says")
  func minimum() async throws {
    let server = try personality(headers: [("OCI-Chunk-Min-Length", "65536")]) { $0 < 65536 ? 416 : 202 }
    let found = try await probe("\(server.host)/a/b")
    #expect(found.chunks == true && found.chunkMinimum == 65536)
  }

  @Test("no chunks at all", arguments: [404, 405, 501])
  func whole(status: Int) async throws {
    let server = try personality { _ in status }
    let found = try await probe("\(server.host)/a/b")
    #expect(found.chunks == false && verdict("chunks", found) == .warn)
    #expect(found.deletes == false)
  }

  @Test("where an upload cannot be cancelled, no second one is opened")
  func noCancel() async throws {
    let server = try personality(cancel: 405) { _ in 202 }
    let found = try await probe("\(server.host)/a/b", deep: true)
    #expect(verdict("uploads", found) == .warn)
    #expect(server.requests.filter { $0.method == "POST" }.count == 1)
    #expect(!server.requests.contains { $0.method == "PUT" || $0.method == "PATCH" })
  }

  @Test(
    "a clock that is wrong",
    arguments: [("Mon, 01 Jan 2001 00:00:00 GMT", RemoteProbe.Verdict.fail), ("soon", .skipped)])
  func clock(date: String, expected: RemoteProbe.Verdict) async throws {
    let server = try ScriptedServer { _ in .init(200, [("Date", date)]) }
    #expect(verdict("clock", try await probe(server.host)) == expected)
  }

  @Test("what is no registry", arguments: [404, 500, 302])
  func noRegistry(status: Int) async throws {
    let server = try ScriptedServer { _ in .init(status, text: "<html>") }
    let found = try await probe("\(server.host)/a/b")
    #expect(verdict("api", found) == .fail && !found.isHealthy)
  }

  // MARK: Parts

  @Test("a search ends at the limit, whatever it is", arguments: UInt64(1)...50)
  func search(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let limit = (1 << 20) + random.next() % (1 << 32)
    var (taken, refused): (UInt64, UInt64?) = (0, nil)
    var steps = 0
    while let size = BodyProbe.next(taken: taken, refused: refused), steps < 60 {
      steps += 1
      #expect(size > taken && size < refused ?? .max)
      if size <= limit { taken = size } else { refused = size }
    }
    #expect(steps < 40)
    let end = refused ?? 0
    #expect(taken <= limit && end > limit && end - taken <= max(taken / 16, 64 << 10))
  }

  @Test("a manifest has exactly the size that is asked for", arguments: [1 << 10, 4 << 20])
  func manifest(size: Int) throws { #expect(try ManifestProbe.manifest(of: size).count == size) }
}

extension FileStatus {
  fileprivate static func exists(_ path: FilePath) -> Bool { ((try? find(path)) ?? nil) != nil }
}
