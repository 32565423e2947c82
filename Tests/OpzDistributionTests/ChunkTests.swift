import OpzHTTP
import OpzHub
import OpzIO
import OpzOCI
import OpzRegistryKit
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzDistribution

/// Uploads in chunks, against a registry that follows the spec and against the ways in which others do not.
@Suite struct ChunkTests {
  private static let content = randomBytes(900_000)
  private static let blob = Descriptor.of(content, .layerTar)
  private static let chunk: UInt64 = 100_000

  /// A client whose blobs of more than 100 kB go in chunks of that size.
  private static func remote(
    _ host: String, progress: any ProgressSink = NoProgress(), state: TransferState? = nil, chunk: UInt64 = chunk
  ) throws -> RemoteRepository {
    let remote = try repository(host, progress: progress, state: state)
    remote.learn { $0.requestMaximum = chunk }
    return remote
  }

  @Test(arguments: [
    "PATH", "http://HOSTPATH", "//HOSTPATH", "http://HOSTPATH#fragment",
  ])
  func sendsInChunks(_ location: String) async throws {
    let server = try SpecRegistry(.location(location))
    let progress = RecordedProgress()
    try await Self.remote(server.host, progress: progress).put(Self.blob, from: BytesBlob(Self.content))
    #expect(server.has(Self.content))
    #expect(server.patches.map(\.from) == Array(stride(from: 0, to: 900_000, by: 100_000)))
    #expect(progress.bytes == 900_000)
    #expect(server.received == 900_000)
    #expect(server.requests.map(\.method) == ["HEAD", "POST"] + Array(repeating: "PATCH", count: 9) + ["PUT"])
    let ranges = server.requests.compactMap { $0.header("content-range") }
    #expect(ranges.first == "0-99999" && ranges.last == "800000-899999")
    server.stop()
  }

  @Test(arguments: [201, 202, 204]) func takesEachStatusOfAcceptance(_ status: Int) async throws {
    let server = try SpecRegistry(.chunkStatus(status))
    try await Self.remote(server.host).put(Self.blob, from: BytesBlob(Self.content))
    #expect(server.received == 900_000)
    server.stop()
  }

  @Test(arguments: ["0-0", "0--1"]) func goesOnAfterACutWithNothingKept(_ empty: String) async throws {
    let server = try SpecRegistry(.dropsCutChunks, .emptyRange(empty), cuts: [50_000])
    let progress = RecordedProgress()
    try await Self.remote(server.host, progress: progress).put(Self.blob, from: BytesBlob(Self.content))
    #expect(server.received == 950_000)
    #expect(server.count("POST") == 1)
    #expect(progress.bytes == 900_000)
    server.stop()
  }

  /// Twenty cuts: no more than a chunk each is sent again.
  @Test(arguments: [true, false], 0..<4 as Range<UInt64>)
  func resendsNoMoreThanAChunkACut(_ keeps: Bool, _ seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    let cuts = (0..<20).map { _ in Int.random(in: 0..<(keeps ? 900_000 : 2_500_000), using: &random) }
    let server = try SpecRegistry(keeping: keeps, cuts: cuts)
    let progress = RecordedProgress()
    try await Self.remote(server.host, progress: progress).put(Self.blob, from: BytesBlob(Self.content))
    #expect(server.has(Self.content))
    #expect(server.received - 900_000 <= 20 * Int(Self.chunk))
    #expect(server.count("POST") == 1, "\(progress.notes)")
    #expect(progress.bytes == 900_000)
    server.stop()
  }

  @Test func startsOverWhereACutEndsTheUpload() async throws {
    let server = try SpecRegistry(.cutEndsUpload, cuts: [250_000])
    let remote = try Self.remote(server.host)
    try await remote.put(Self.blob, from: BytesBlob(Self.content))
    #expect(server.received == 250_000 + 900_000)
    #expect(server.count("POST") == 2)
    #expect(remote.profile.survivesCuts == false)
    #expect(remote.profile.uploadMethod == nil, "a cut says nothing against chunks")
    server.stop()
  }

  /// Each answer of an upload gets lost once.
  @Test(arguments: [true, false], 2...12) func survivesALostAnswer(_ forgets: Bool, _ number: Int) async throws {
    let server = try SpecRegistry(forgetsOldLocations: forgets, lostResponses: [number])
    try await Self.remote(server.host).put(Self.blob, from: BytesBlob(Self.content))
    #expect(server.has(Self.content))
    // A chunk whose answer was lost moved the upload on: where its old Location is no good any more, the blob begins anew.
    #expect(server.received <= (forgets ? 1_900_000 : 1_000_000))
    server.stop()
  }

  @Test func believesARangeThatMovesAndNotOneThatIsStuck() async throws {
    let server = try SpecRegistry(.rangeSticks)
    try await Self.remote(server.host).put(Self.blob, from: BytesBlob(Self.content))
    #expect(server.received == 900_000)
    server.stop()
  }

  @Test(arguments: [(2, 0), (99_999, 100_000), (5_000, 10_000)] as [(UInt64, UInt64)])
  func ranges(_ said: UInt64, _ acknowledged: UInt64) throws {
    var session = UploadSession(try #require(WebAddress("http://h.x/u")), .known)
    session.acknowledged = acknowledged
    let answer = { (text: String) in HTTPResponse(head: HTTPHead(status: 202, headers: [("range", text)])) }
    session.accept(answer("0-\(said - 1)"), sent: 100_000)
    #expect(
      session.acknowledged == max(said >= acknowledged ? said : 0, said < acknowledged ? acknowledged + 100_000 : 0))
  }

  @Test(
    arguments: [
      ("0-0", 0), ("0--1", 0), ("0-1", 2), ("bytes=0-99", 100), ("1-2", nil), ("0-", nil), ("", nil), ("x", nil),
      ("0-18446744073709551615", nil), ("0-18446744073709551614", UInt64.max), ("-1", 0), ("0-5-6", nil),
    ] as [(String, UInt64?)])
  func readsRanges(_ text: String, _ count: UInt64?) { #expect(UploadSession.count(range: text, .known) == count) }

  // What registries teach

  @Test(arguments: [400, 404, 405, 416, 501])
  func learnsThatARegistryTakesNoChunks(_ status: Int) async throws {
    let directory = try TemporaryDirectory()
    let state = TransferState(directory: directory.path)
    let server = try SpecRegistry(.refusesChunks(status))
    let first = try Self.remote(server.host, state: state)
    try await first.put(Self.blob, from: BytesBlob(Self.content))
    #expect(first.profile.uploadMethod == .monolithic)
    #expect(server.count("PATCH") == 1)
    #expect(server.openUploads == 0, "what was given up was cancelled")
    // Another process knows it.
    let other = randomBytes(900_000, seed: 2)
    try await repository(server.host, state: state).put(.of(other, .layerTar), from: BytesBlob(other))
    #expect(server.count("PATCH") == 1)
    #expect(server.has(other))
    server.stop()
  }

  @Test(arguments: [404, 405]) func learnsThatARegistryTakesOnlyChunks(_ status: Int) async throws {
    let server = try SpecRegistry(.chunkBeforePut(status: status))
    let remote = try repository(server.host)
    for seed in 1...2 as ClosedRange<UInt64> {
      let content = randomBytes(50_000, seed: seed)
      try await remote.put(.of(content, .layerTar), from: BytesBlob(content))
      #expect(server.has(content))
    }
    #expect(remote.profile.uploadMethod == .chunked)
    #expect(server.requests.filter { $0.method == "PUT" && $0.header("content-length") != "0" }.count == 1)
    server.stop()
  }

  @Test func learnsALimitOfAProxy() async throws {
    let server = try SpecRegistry(.bodyLimit(100_000, server: "nginx"))
    let directory = try TemporaryDirectory()
    let state = TransferState(directory: directory.path)
    try await repository(server.host, state: state).put(Self.blob, from: BytesBlob(Self.content))
    #expect(server.has(Self.content))
    let second = try repository(server.host, state: state)
    #expect(second.profile.requestMaximum == 65_536)
    let other = randomBytes(300_000, seed: 3)
    let before = server.requests.count
    try await second.put(.of(other, .layerTar), from: BytesBlob(other))
    #expect(server.requests[before...].allSatisfy { Int($0.header("content-length") ?? "0") ?? 0 <= 65_536 })
    server.stop()
  }

  @Test func keepsToTheMinimumOfARegistry() async throws {
    let server = try SpecRegistry(.announcesMinimum(300_000))
    let remote = try repository(server.host)
    remote.learn { $0.uploadMethod = .chunked }
    try await remote.put(Self.blob, from: BytesBlob(Self.content))
    #expect(remote.profile.chunkMinimum == 300_000)
    server.stop()
  }

  @Test func forgetsWhatIsOld() throws {
    var profile = RemoteRegistryProfile(registry: "https://r.example")
    let now = Timestamp.now()
    profile.learned = now.milliseconds - 29 * 86_400_000
    #expect(profile.isUsable(for: "https://r.example", now: now))
    #expect(!profile.isUsable(for: "https://s.example", now: now))
    profile.learned = now.milliseconds - 31 * 86_400_000
    #expect(!profile.isUsable(for: "https://r.example", now: now))
    profile.learned = .min
    #expect(!profile.isUsable(for: "https://r.example", now: now))
    profile.learned = now.milliseconds
    profile.requestMaximum = 1
    #expect(!profile.isUsable(for: "https://r.example", now: now), "a file that somebody wrote by hand")
  }

  @Test func pacesChunks() {
    var pacer = ChunkPacer(.known)
    #expect(pacer.next(minimum: 0, maximum: nil) == 16 << 20)
    pacer.sent(16 << 20, in: 0)
    #expect(pacer.next(minimum: 0, maximum: nil) == 64 << 20)
    pacer.cut(64 << 20)
    #expect(pacer.next(minimum: 0, maximum: nil) == 32 << 20)
    for _ in 0..<10 { pacer.cut(1 << 20) }
    #expect(pacer.next(minimum: 0, maximum: nil) == 5 << 20)
    #expect(pacer.next(minimum: 10 << 20, maximum: nil) == 10 << 20)
    #expect(pacer.next(minimum: .max, maximum: nil) == 1 << 30, "a minimum without measure is not believed")
    #expect(pacer.next(minimum: 10 << 20, maximum: 4 << 20) == 4 << 20)
    for _ in 0..<8 { pacer.sent(5 << 20, in: 10) }
    #expect(pacer.next(minimum: 0, maximum: nil) == 8 << 20, "0.5 MiB a second")
  }
}
