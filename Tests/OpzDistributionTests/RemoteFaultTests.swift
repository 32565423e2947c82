import OpzIO
import OpzOCI
import OpzStore
import OpzTestKit
import Testing

@testable import OpzDistribution

/// Registries that misbehave, each in one way.
@Suite struct RemoteFaultTests {
  private typealias Answer = ScriptedServer.Answer

  // MARK: Blob downloads

  @Test func goesOnWhereADownloadBroke() async throws {
    let content = randomBytes(900_000)
    let server = try ScriptedServer { request in
      guard request.method == "GET" else { return Self.blobHead(content) }
      let start = request.header("range").flatMap { Int($0.dropFirst("bytes=".count).dropLast()) } ?? 0
      let rest = Array(content[start...])
      let cut = request.number < 4 ? 100_000 : nil
      let headers = start > 0 ? [("Content-Range", "bytes \(start)-\(content.count - 1)/\(content.count)")] : []
      return Answer(start > 0 ? 206 : 200, headers, body: rest, cutAfter: cut)
    }
    let progress = RecordedProgress()
    let remote = try repository(server.host, progress: progress)
    #expect(try await readAll(try await remote.blob(.of(content, .layerTar))) == content)
    #expect(progress.notes.count == 3)
    #expect(progress.notes.allSatisfy { !$0.contains("\n") })
    #expect(progress.outcomes == [.done])
  }

  @Test func skipsWhatARegistryWithoutRangesSendsAgain() async throws {
    let content = randomBytes(900_000)
    let server = try ScriptedServer { request in
      guard request.method == "GET" else { return Self.blobHead(content) }
      return Answer(200, body: content, cutAfter: request.number < 4 ? 300_000 * request.number : nil)
    }
    let remote = try repository(server.host)
    #expect(try await readAll(try await remote.blob(.of(content, .layerTar))) == content)
  }

  @Test func givesUpADownloadThatNeverGetsFurther() async throws {
    let content = randomBytes(900_000)
    let server = try ScriptedServer { request in
      request.method == "GET" ? Answer(200, body: content, cutAfter: 0) : Self.blobHead(content)
    }
    let remote = try repository(server.host)
    let error = await failure { try await readAll(try await remote.blob(.of(content, .layerTar))) }
    #expect(error?.code == .connection)
    #expect(server.requests.count == 5)
  }

  @Test(arguments: [899_999, 900_001])
  func refusesAnotherSize(_ size: Int) async throws {
    let content = randomBytes(900_000)
    let server = try ScriptedServer { request in
      request.method == "GET" ? Answer(200, body: randomBytes(size)) : Self.blobHead(content)
    }
    let error = await failure { try await readAll(try await repository(server.host).blob(.of(content, .layerTar))) }
    #expect(error?.code == .wrongSize)
    #expect(error?.category == .verification)
  }

  @Test func aStoreRefusesOtherBytes() async throws {
    let content = randomBytes(900_000)
    let server = try ScriptedServer { request in
      request.method == "GET" ? Answer(200, body: randomBytes(900_000, seed: 2)) : Self.blobHead(content)
    }
    let directory = try TemporaryDirectory()
    let layout = try LayoutStore.create(directory.path.appending("layout"))
    let blob = try await repository(server.host).blob(.of(content, .layerTar))
    await #expect(throws: StoreError.self) { try await layout.put(.of(content, .layerTar), from: blob) }
    #expect(try !layout.has(.of(content, .layerTar)))
  }

  @Test func readsSlowlyWithoutHoldingTheBlob() async throws {
    let content = randomBytes(12 << 20)
    let server = try ScriptedServer { request in
      request.method == "GET" ? Answer(200, body: content) : Self.blobHead(content)
    }
    let blob = try await repository(server.host).blob(.of(content, .layerTar))
    let first = try await blocking {
      let source = try blob.open(at: 0)
      var buffer = [UInt8](repeating: 0, count: 10)
      // The rest is never read: the transfer pauses, and ends when the source is released.
      return try buffer.withUnsafeMutableBytes { try source.read(into: $0) }
    }
    #expect(first == 10)
    #expect(try await readAll(blob) == content)
  }

  // MARK: Manifests

  @Test func computesTheDigestOfAManifest() async throws {
    let manifest = try Self.manifest()
    let server = try ScriptedServer { _ in
      Answer(
        200, [("Content-Type", manifest.descriptor.mediaType.rawValue), ("Docker-Content-Digest", Self.other)],
        body: manifest.raw)
    }
    let said = await failure { try await repository(server.host).resolve("latest") }
    #expect(said?.code == .wrongDigest)
    let asked = await failure { try await repository(server.host).resolve(Self.other) }
    #expect(asked?.category == .verification)
  }

  @Test func refusesAManifestThatIsTooLong() async throws {
    let server = try ScriptedServer { _ in
      Answer(200, [("Content-Type", MediaType.imageManifest.rawValue)], body: randomBytes(Document.limit + 1))
    }
    let error = await failure { try await repository(server.host).resolve("latest") }
    #expect(error?.code == .tooLarge)
    #expect(server.requests.count == 1)
  }

  @Test(arguments: ["text/html", "application/json", ""])
  func refusesWhatIsNoManifest(_ type: String) async throws {
    let server = try ScriptedServer { _ in Answer(200, [("Content-Type", type)], text: "<html>") }
    let error = await failure { try await repository(server.host).resolve("latest") }
    #expect(error?.code == .badResponse)
  }

  @Test func refusesAFloodOfHeaders() async throws {
    let server = try ScriptedServer { _ in Answer(200, (0..<1000).map { ("X-\($0)", "y") }) }
    let error = await failure { try await repository(server.host).resolve("latest") }
    #expect(error?.code == .badResponse)
    #expect(server.requests.count == 1)
  }

  // MARK: Statuses

  @Test(arguments: [400, 403, 404, 405, 409, 416, 501])
  func doesNotRepeatWhatWillNotPass(_ status: Int) async throws {
    let server = try ScriptedServer { _ in Answer(status) }
    let error = await failure { try await repository(server.host).resolve("latest") }
    #expect(error?.status == status)
    #expect(error?.category == (status == 404 ? .notFound : .network))
    #expect(server.requests.count == 1)
  }

  @Test(arguments: [408, 429, 500, 502, 503, 504])
  func repeatsWhatMayPass(_ status: Int) async throws {
    let manifest = try Self.manifest()
    let server = try ScriptedServer { request in
      request.number < 3 ? Answer(status) : Self.answer(manifest)
    }
    let progress = RecordedProgress()
    #expect(
      try await repository(server.host, progress: progress).resolve("latest").digest == manifest.descriptor.digest)
    #expect(server.requests.count == 3)
    #expect(progress.notes.count == 2)
  }

  @Test func givesUpAfterFiveAttempts() async throws {
    let server = try ScriptedServer { _ in Answer(503) }
    let error = await failure { try await repository(server.host).resolve("latest") }
    #expect(error?.code == .server)
    #expect(server.requests.count == 5)
  }

  @Test func doesNotWaitLongerThanTheDeadline() async throws {
    let server = try ScriptedServer { _ in Answer(429, [("Retry-After", "86400")]) }
    let error = await failure { try await repository(server.host).resolve("latest") }
    #expect(error?.code == .rateLimited)
    #expect(server.requests.count == 1)
  }

  @Test func showsARegistrysMessageOnly() async throws {
    let long = String(repeating: "x", count: 5000)
    let server = try ScriptedServer { _ in
      Answer(403, text: #"{"errors":[{"code":"DENIED","message":"no\u001b[31m \r\nright \#(long)"}]}"#)
    }
    let error = await failure { try await repository(server.host).resolve("latest") }
    #expect(error?.code == .denied)
    let reason = try #require(error?.reason)
    #expect(reason.contains("DENIED: no"))
    #expect(reason.count < 300)
    #expect(reason.unicodeScalars.allSatisfy { $0.value >= 0x20 })
  }

  static let other = "sha256:" + String(repeating: "a", count: 64)

  static func manifest() throws -> Manifest {
    try Manifest(.init(config: .emptyConfig, layers: [.of(randomBytes(10), .layerTar)]))
  }

  /// Puts `manifest()` with the blobs that it names.
  static func putManifest(in remote: RemoteRepository) async throws -> Manifest {
    for bytes in [randomBytes(10), Array("{}".utf8)] {
      try await remote.put(.of(bytes, .layerTar), from: BytesBlob(bytes))
    }
    let image = try manifest()
    try await remote.put(image.descriptor, from: BytesBlob(image.raw))
    return image
  }

  static func answer(_ manifest: Manifest) -> ScriptedServer.Answer {
    Answer(200, [("Content-Type", manifest.descriptor.mediaType.rawValue)], body: manifest.raw)
  }

  static func blobHead(_ content: [UInt8]) -> ScriptedServer.Answer { Answer(200, body: content) }
}
