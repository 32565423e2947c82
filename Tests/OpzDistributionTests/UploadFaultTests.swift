import OpzHTTP
import OpzIO
import OpzOCI
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

/// Registries that misbehave during a push.
@Suite struct UploadFaultTests {
  private typealias Answer = ScriptedServer.Answer
  private static let content = randomBytes(3_000_000)
  private static let blob = Descriptor.of(content, .layerTar)

  /// The responses of a plain registry that does not have the blob.
  private static func plain(
    _ request: ScriptedServer.Request, location: String = "/v2/team/model/blobs/uploads/1?_state=a%2Fb"
  )
    -> Answer
  {
    switch request.method {
    case "HEAD": Answer(404)
    case "POST": Answer(202, [("Location", location)])
    case "PUT": Answer(201, [("Docker-Content-Digest", blob.digest.description)])
    default: Answer(405)
    }
  }

  private static func put(_ server: ScriptedServer, progress: any ProgressSink = NoProgress()) async throws {
    try await repository(server.host, progress: progress).put(blob, from: BytesBlob(content))
  }

  @Test(arguments: [0, 1, 100_000, 2_999_999])
  func sendsAgainAfterAHangUp(_ after: Int) async throws {
    let puts = Mutex(0)
    let early: @Sendable (ScriptedServer.Request) -> ScriptedServer.Early = { request in
      guard request.method == "PUT" else { return .readBody }
      return puts.withLock { count in
        count += 1
        return count < 3 ? .hangUp(after: after) : .readBody
      }
    }
    let server = try ScriptedServer(early: early) { Self.plain($0) }
    let progress = RecordedProgress()
    try await Self.put(server, progress: progress)
    #expect(progress.outcomes == [.done])
    #expect(progress.bytes == 3_000_000)
    #expect(server.requests.last?.bodySize == 3_000_000)
    #expect(server.requests.last.map { $0.body == Array(Self.content.prefix(1 << 20)) } == true)
    // After the first one smaller requests are tried, which this registry refuses.
    #expect(server.requests.filter { $0.method == "PATCH" }.count == 1)
    #expect(server.requests.filter { $0.method == "POST" }.count == 4, "each attempt has its own session")
  }

  @Test func doesNotSendAgainWhatArrived() async throws {
    let isStored = Mutex(false)
    let server = try ScriptedServer { request in
      switch request.method {
      case "HEAD": return isStored.withLock { $0 } ? Answer(200, length: 3_000_000) : Answer(404)
      case "PUT":
        isStored.withLock { $0 = true }
        return .hangUp
      default: return Self.plain(request)
      }
    }
    try await Self.put(server)
    #expect(server.requests.filter { $0.method == "PUT" }.count == 1)
  }

  @Test(arguments: [408, 429, 500, 503])
  func sendsAgainAfter(_ status: Int) async throws {
    let puts = Mutex(0)
    let server = try ScriptedServer { request in
      guard request.method == "PUT",
        puts.withLock({
          $0 += 1; return $0
        }) < 3
      else { return Self.plain(request) }
      return Answer(status, [("Retry-After", "0")])
    }
    let progress = RecordedProgress()
    try await Self.put(server, progress: progress)
    #expect(progress.notes.count == 2)
    #expect(progress.bytes == 3_000_000)
  }

  @Test func explainsABodyThatIsTooLarge() async throws {
    let early: @Sendable (ScriptedServer.Request) -> ScriptedServer.Early = { request in
      let html = "<html><h1>413 Request Entity Too Large</h1></html>"
      return request.method == "PUT" ? .answer(Answer(413, [("Content-Type", "text/html")], text: html)) : .readBody
    }
    let server = try ScriptedServer(early: early) { Self.plain($0) }
    let error = await failure { try await Self.put(server) }
    #expect(error?.code == .tooLarge)
    #expect(error?.status == 413)
    #expect(error?.hint?.contains("proxy") == true)
    #expect(error?.description.contains("<") == false)
    #expect(server.requests.filter { $0.method == "PUT" }.count == 1)
  }

  @Test func refusesAnotherDigest() async throws {
    let server = try ScriptedServer { request in
      request.method == "PUT" ? Answer(201, [("Docker-Content-Digest", RemoteFaultTests.other)]) : Self.plain(request)
    }
    let error = await failure { try await Self.put(server) }
    #expect(error?.code == .wrongDigest)
    #expect(error?.category == .verification)
  }

  @Test func aDigestThatTheRegistryRefusesIsAVerificationError() async throws {
    let server = try ScriptedServer { request in
      request.method == "PUT" ? Answer(400, text: #"{"errors":[{"code":"DIGEST_INVALID"}]}"#) : Self.plain(request)
    }
    #expect(await failure { try await Self.put(server) }?.category == .verification)
  }

  @Test func answersA401InTheMiddleOfAPush() async throws {
    let tokens = try ScriptedServer { request in
      Answer(200, text: #"{"access_token":"t\#(request.number)"}"#)
    }
    let realm = "http://\(tokens.host)/token"
    let server = try ScriptedServer { request in
      let wanted = request.method == "PUT" ? "Bearer t2" : "Bearer t"
      guard request.header("authorization")?.hasPrefix(wanted) == true else {
        let scope = request.method == "PUT" ? "repository:team/model:push repository:team/other:pull" : ""
        return Answer(401, [("WWW-Authenticate", #"Bearer realm="\#(realm)",service="s",scope="\#(scope)""#)])
      }
      return Self.plain(request)
    }
    let progress = RecordedProgress()
    try await Self.put(server, progress: progress)
    #expect(progress.bytes == 3_000_000)
    #expect(tokens.requests.count == 2)
    #expect(tokens.requests.last?.target.contains("scope=repository%3Ateam%2Fmodel%3Apull%2Cpush") == true)
  }

  @Test(arguments: [
    ("/v2/team/model/blobs/uploads/1?_state=a%2Fb==&x=%7E", "/v2/team/model/blobs/uploads/1?_state=a%2Fb==&x=%7E&"),
    ("1?a=b", "/v2/team/model/blobs/uploads/1?a=b&"), ("/up", "/up?"), ("//HOST/up?q", "/up?q&"),
    ("http://HOST/up#fragment", "/up?"), ("?only=query", "/v2/team/model/blobs/uploads/?only=query&"),
  ])
  func followsLocations(_ location: String, _ target: String) async throws {
    let server = try ScriptedServer { request in
      Self.plain(request, location: location.replacing("HOST", with: request.header("host") ?? ""))
    }
    try await Self.put(server)
    let digest = "digest=sha256%3A\(Self.blob.digest.hex)"
    #expect(server.requests.last?.target == target + digest)
  }

  @Test func followsRedirectsButNotWithoutEnd() async throws {
    let turns = try ScriptedServer { request in
      Answer(307, [("Location", "/turn\(request.number)")])
    }
    let endless = await failure { try await repository(turns.host).resolve("latest") }
    #expect(endless?.code == .refusedAddress)
    #expect(turns.requests.count == 6)
    let manifest = try RemoteFaultTests.manifest()
    let five = try ScriptedServer { request in
      request.number <= 5 ? Answer(302, [("Location", "/turn")]) : RemoteFaultTests.answer(manifest)
    }
    #expect(try await repository(five.host).resolve("latest").digest == manifest.descriptor.digest)
  }

  @Test func sendsABodyAgainAfterARedirect() async throws {
    let server = try ScriptedServer { request in
      request.method == "PUT" && !request.path.hasPrefix("/elsewhere")
        ? Answer(307, [("Location", "/elsewhere")]) : Self.plain(request)
    }
    let progress = RecordedProgress()
    try await Self.put(server, progress: progress)
    #expect(server.requests.last?.path == "/elsewhere")
    #expect(server.requests.last?.bodySize == 3_000_000)
    #expect(progress.bytes == 3_000_000)
  }

  @Test func sendsTwoAtOnce() async throws {
    let waiting = Mutex(0)
    let most = Mutex(0)
    let server = try ScriptedServer { request in
      guard request.method == "PUT" else { return Self.plain(request) }
      let now = waiting.withLock {
        $0 += 1; return $0
      }
      most.withLock { $0 = max($0, now) }
      // Neither is answered before both bodies have arrived, or 10 s have passed.
      for _ in 0..<1000 where most.withLock({ $0 }) < 2 { usleep(10_000) }
      waiting.withLock { $0 -= 1 }
      return Answer(201)
    }
    let source = MemoryStore()
    let layers = (1...2).map { randomBytes(100_000, seed: $0) }
    for layer in layers { try await source.put(.of(layer, .layerTar), from: BytesBlob(layer)) }
    let remote = try repository(server.host)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for layer in layers { group.addTask { try await remote.put(.of(layer, .layerTar), from: BytesBlob(layer)) } }
      try await group.waitForAll()
    }
    #expect(most.withLock { $0 } == 2)
  }

  @Test func aFileThatBecomesShorterEndsThePush() async throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write("short", "only this")
    let server = try ScriptedServer { Self.plain($0) }
    let remote = try repository(server.host)
    await #expect(throws: IOFailure.self) {
      try await remote.put(Self.blob, from: FileBlob(file, size: Self.blob.size))
    }
    #expect(server.requests.filter { $0.method == "PUT" }.count <= 1)
  }

  @Test func endsWithItsTask() async throws {
    let server = try ScriptedServer { request in request.method == "HEAD" ? Answer(503) : Answer(404) }
    let patient = RetryPolicy(attempts: 5, base: 600, longest: 600, deadline: 6000)
    let remote = try repository(server.host, retry: patient)
    let task = Task { try await remote.contains(Self.blob) }
    while server.requests.isEmpty { await Task.yield() }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}
