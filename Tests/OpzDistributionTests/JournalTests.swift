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

/// The journal that a push leaves for the next one.
@Suite struct JournalTests {
  private static let content = randomBytes(900_000)
  private static let blob = Descriptor.of(content, .layerTar)
  private static let once = RetryPolicy(attempts: 1, base: 0, longest: 0, deadline: 0)

  private let directory: TemporaryDirectory
  private var state: TransferState { TransferState(directory: directory.path.appending("push")) }

  init() throws { directory = try TemporaryDirectory() }

  private func remote(
    _ host: String, progress: any ProgressSink = NoProgress(), retry: RetryPolicy = .quick
  ) throws -> RemoteRepository {
    let remote = try repository(host, progress: progress, retry: retry, state: state)
    remote.learn { $0.requestMaximum = 100_000 }
    return remote
  }

  private func journal() throws -> [FilePath] {
    try Directory.entries(state.uploads).map { state.uploads.appending($0) }
  }

  /// A push without retries.
  private func begin(_ server: SpecRegistry) async throws -> DistributionError? {
    defer { server.recover() }
    return await failure {
      try await remote(server.host, retry: Self.once).put(Self.blob, from: BytesBlob(Self.content))
    }
  }

  @Test(arguments: [true, false], [2, 150_000, 450_000, 899_999])
  func theNextProcessGoesOn(_ keeps: Bool, _ cut: Int) async throws {
    let server = try SpecRegistry(keeping: keeps, cuts: [cut], staysDown: true)
    let error = try await begin(server)
    let acknowledged = UInt64(cut / 100_000 * 100_000)
    #expect(error?.code == .connection)
    #expect(error?.bytesSafe == (acknowledged > 0 ? acknowledged : nil))
    let progress = RecordedProgress()
    let tally = ProgressTally(progress)
    try await remote(server.host, progress: tally).put(Self.blob, from: BytesBlob(Self.content))
    #expect(server.has(Self.content))
    #expect(server.count("POST") == 1)
    let kept = keeps ? UInt64(cut) : acknowledged
    #expect(tally.totals.kept == kept)
    #expect(tally.totals.sent == 900_000 - kept)
    #expect(progress.bytes == 900_000)
    #expect(try journal().isEmpty)
    server.stop()
  }

  @Test func itsFilesAreTheirOwnersAlone() async throws {
    let server = try SpecRegistry(cuts: [450_000], staysDown: true)
    _ = try await begin(server)
    let files = try journal()
    #expect(files.count == 1)
    for file in files {
      #expect(try FileStatus.of(file).mode == 0o600)
      let text = String(decoding: try SmallFile.read(file, limit: 1 << 20), as: UTF8.self)
      #expect(text.contains("team/model") && !text.contains("secret"))
    }
    server.stop()
  }

  @Test func noTokenIsInIt() async throws {
    let tokens = try ScriptedServer { _ in .init(200, text: #"{"token":"t0ken-secret","expires_in":600}"#) }
    let realm = "Bearer realm=\"http://\(tokens.host)/token\",service=\"s\""
    let server = try SpecRegistry(cuts: [450_000], staysDown: true) {
      $0.header("authorization") == nil ? .init(401, [("WWW-Authenticate", realm)]) : nil
    }
    let config = try DockerConfig(server.host, user: "ann", password: "passw0rd-secret")
    let remote = try repository(server.host, environment: config.environment, retry: Self.once, state: state)
    remote.learn { $0.requestMaximum = 100_000 }
    _ = await failure { try await remote.put(Self.blob, from: BytesBlob(Self.content)) }
    #expect(server.requests.contains { $0.header("authorization") == "Bearer t0ken-secret" })
    let places = try journal() + Directory.entries(state.profiles).map { state.profiles.appending($0) }
    #expect(places.count == 2)
    for file in places {
      let text = String(decoding: try SmallFile.read(file, limit: 1 << 20), as: UTF8.self)
      #expect(!text.contains("secret"))
    }
    server.stop()
  }

  @Test func anUploadThatTheRegistryForgotBeginsAnew() async throws {
    let server = try SpecRegistry(.cutEndsUpload, cuts: [450_000], staysDown: true)
    _ = try await begin(server)
    try await remote(server.host).put(Self.blob, from: BytesBlob(Self.content))
    #expect(server.received == 1_350_000)
    #expect(server.count("POST") == 2)
    server.stop()
  }

  /// Whoever can write the journal's file cannot redirect an upload to another host.
  @Test(arguments: [
    "http://SINK/u", "//SINK/u", "http://10.0.0.1/u", "https://169.254.169.254/u", "file:///etc/passwd", "", "x",
  ])
  func aLocationInItIsCheckedLikeAnyOther(_ location: String) async throws {
    let sink = try ScriptedServer { _ in .init(204, [("Range", "0-899998")]) }
    let server = try SpecRegistry(cuts: [450_000], staysDown: true)
    _ = try await begin(server)
    let file = try #require(try journal().first)
    var record = try CanonicalJSON.decode(
      UploadRecord.self, from: SmallFile.read(file, limit: 1 << 20), subject: "journal")
    record.location = location.replacing("SINK", with: sink.host)
    try Durable.replace(file, with: try CanonicalJSON.encode(record))
    let config = try DockerConfig(server.host, user: "ann", password: "passw0rd-secret")
    let remote = try repository(server.host, environment: config.environment, state: state)
    try await remote.put(Self.blob, from: BytesBlob(Self.content))
    #expect(server.has(Self.content))
    #expect(sink.requests.isEmpty, "nobody but the registry gets the model's bytes")
    server.stop()
  }

  @Test(arguments: 0..<40 as Range<UInt64>) func aDamagedFileCostsNoMoreThanAResume(_ seed: UInt64) async throws {
    let server = try SpecRegistry(cuts: [450_000], staysDown: true)
    _ = try await begin(server)
    let file = try #require(try journal().first)
    var random = SeededGenerator(seed: seed)
    var damaged = try SmallFile.read(file, limit: 1 << 20)
    switch seed % 4 {
    case 0: damaged = Array(damaged.prefix(Int.random(in: 0..<damaged.count, using: &random)))
    case 1:
      for _ in 0..<8 {
        damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
      }
    case 2: damaged = randomBytes(Int.random(in: 0..<50_000, using: &random), seed: seed)
    default:
      let number = "\(UInt64.random(in: .min ... .max, using: &random))"
      damaged = Array(String(decoding: damaged, as: UTF8.self).replacing("400000", with: number).utf8)
    }
    try Durable.replace(file, with: damaged)
    try await remote(server.host).put(Self.blob, from: BytesBlob(Self.content))
    #expect(server.has(Self.content))
    server.stop()
  }

  @Test func twoThatPushTheSameDoNotFight() async throws {
    let server = try SpecRegistry()
    let first = try remote(server.host)
    let entry = try #require(await first.client.journalEntry(for: Self.blob))
    #expect(await first.client.journalEntry(for: Self.blob) == nil)
    try await remote(server.host).put(Self.blob, from: BytesBlob(Self.content))
    #expect(entry.read() == nil, "the other one left it alone")
    #expect(server.has(Self.content))
    server.stop()
  }

  @Test func oldEntriesGo() async throws {
    let server = try SpecRegistry(cuts: [450_000], staysDown: true)
    _ = try await begin(server)
    let file = try #require(try journal().first)
    let old = try ChildProcess.run(["touch", "-d", "8 days ago", file.string])
    #expect(old.status == 0)
    let other = Descriptor.of(Array("other".utf8), .layerTar)
    _ = await try remote(server.host).client.journalEntry(for: other)
    #expect(try !journal().contains(file))
    server.stop()
  }

  /// The entry of a push that is killed between the registry's last response and the removal of the entry.
  private func leaveSettled(_ server: SpecRegistry, _ descriptor: Descriptor) throws {
    let client = try remote(server.host).client
    // On this thread, because another thread could hold the file, and so the lock, a moment longer.
    let entry = try #require(UploadJournal(directory: state.uploads).entry(for: client.key(descriptor)))
    entry.write(client.address("blobs/uploads/1"), acknowledged: descriptor.size)
    #expect(try journal().count == 1)
  }

  @Test("the entry of a blob that exists is removed, however the next push finds out", arguments: [true, false])
  func settledEntriesGo(_ asksFirst: Bool) async throws {
    let server = try SpecRegistry()
    try await remote(server.host).put(Self.blob, from: BytesBlob(Self.content))
    try leaveSettled(server, Self.blob)
    let next = try repository(server.host, state: state)
    if asksFirst {
      #expect(try await next.contains(Self.blob))
    } else {
      try await next.put(Self.blob, from: BytesBlob(Self.content))
    }
    #expect(try journal().isEmpty)
    #expect(server.received == Self.content.count, "nothing was sent twice")
    server.stop()
  }

  @Test("an entry is removed if the next push sends the blob whole") func settledByAnotherWay() async throws {
    let server = try SpecRegistry()
    try leaveSettled(server, Self.blob)
    try await repository(server.host, state: state).put(Self.blob, from: BytesBlob(Self.content))
    #expect(server.has(Self.content))
    #expect(try journal().isEmpty)
    server.stop()
  }

  @Test("an entry that a process uses is kept") func usedEntriesStay() async throws {
    let server = try SpecRegistry()
    try await remote(server.host).put(Self.blob, from: BytesBlob(Self.content))
    let client = try remote(server.host).client
    let entry = try #require(await client.journalEntry(for: Self.blob))
    entry.write(client.address("blobs/uploads/1"), acknowledged: 1)
    #expect(try await remote(server.host).contains(Self.blob))
    #expect(entry.read() != nil)
    #expect(try journal().count == 1)
    server.stop()
  }

  @Test("a refused push leaves no entry") func refusedPushesLeaveNone() async throws {
    let server = try SpecRegistry { $0.method == "POST" ? .init(403) : nil }
    let error = await failure { try await remote(server.host).put(Self.blob, from: BytesBlob(Self.content)) }
    #expect(error?.code == .denied)
    #expect(try journal().isEmpty)
    server.stop()
  }

  enum Leftover: CaseIterable { case torn, foreign, future, empty, huge, random }

  @Test("entries that cannot be resumed are removed, and foreign files are kept", arguments: Leftover.allCases)
  func uselessEntriesGo(_ leftover: Leftover) async throws {
    let server = try SpecRegistry()
    try leaveSettled(server, Self.blob)
    let file = try #require(try journal().first)
    var record = try CanonicalJSON.decode(
      UploadRecord.self, from: SmallFile.read(file, limit: 1 << 20), subject: "journal")
    let own = try SmallFile.read(file, limit: 1 << 20)
    let other = Descriptor.of(Array("other".utf8), .layerTar)
    switch leftover {
    case .torn: try Durable.replace(file, with: Array(own.dropLast(9)))
    case .foreign:
      try Durable.move(file, to: file.removingLastComponent().appending(String(repeating: "a", count: 64) + ".json"))
    case .future:
      record.updated += 30 * 86_400_000
      try Durable.replace(file, with: try CanonicalJSON.encode(record))
    case .empty:
      try Durable.replace(file, with: [])
      #expect(try ChildProcess.run(["touch", "-d", "5 minutes ago", file.string]).status == 0)
    case .huge: try Durable.replace(file, with: randomBytes(40_000))
    case .random: try Durable.replace(file, with: randomBytes(300))
    }
    try Durable.replace(state.uploads.appending("notes.txt"), with: own)
    let client = try remote(server.host).client
    UploadJournal(directory: state.uploads).entry(for: client.key(other))?.removeIfEmpty()
    let names = try journal().map { $0.lastComponent?.string ?? "" }
    #expect(names == ["notes.txt"])
    server.stop()
  }

  @Test func aDirectoryThatCannotBeUsedCostsNoPush() async throws {
    let server = try SpecRegistry()
    let file = try directory.write("file", "not a directory")
    let remote = try repository(server.host, state: TransferState(directory: file))
    remote.learn { $0.requestMaximum = 100_000 }
    try await remote.put(Self.blob, from: BytesBlob(Self.content))
    #expect(server.has(Self.content))
    server.stop()
  }

  /// With docker-registry, which discards an upload that is cut inside a chunk and keeps one that ended between two.
  @Test func goesOnAtDockersRegistry() async throws {
    let server = try RegistryServer()
    let blob = FailingBlob(content: Self.content, at: 450_000)
    let error = await failure { try await remote(server.host, retry: Self.once).put(Self.blob, from: blob) }
    #expect(error == nil, "the source failed, not the registry")
    let progress = RecordedProgress()
    let tally = ProgressTally(progress)
    try await remote(server.host, progress: tally).put(Self.blob, from: BytesBlob(Self.content))
    #expect(tally.totals.sent == 900_000 - tally.totals.kept)
    let back = try remote(server.host)
    #expect(try await readAll(try await back.blob(Self.blob)) == Self.content)
    server.stop()
  }
}

/// Content that cannot be read beyond a certain byte.
private struct FailingBlob: Blob {
  let content: [UInt8]
  let at: Int

  var size: UInt64 { UInt64(content.count) }

  func open(at offset: UInt64) throws -> any ByteSource {
    if offset >= UInt64(at / 100_000 * 100_000) { throw IOFailure("unreadable", path: "blob") }
    return try BytesBlob(content).open(at: offset)
  }
}
