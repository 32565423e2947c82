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

/// Registries behind a middlebox that ends each connection after some bytes or seconds.
@Suite struct MiddleboxTests {
  private static let content = randomBytes(40 << 20)
  private static let blob = Descriptor.of(content, .layerTar)
  private static let other = randomBytes(24 << 20, seed: 2)

  private let directory: TemporaryDirectory
  private var state: TransferState { TransferState(directory: directory.path.appending("push")) }

  init() throws { directory = try TemporaryDirectory() }

  @Test(
    "a push to docker-registry learns a limit by bytes once, at the cost of what the dead sessions held",
    arguments: [1, 3, 7, 20])
  func pushesByBytes(_ mebibytes: Int) async throws {
    let registry = try RegistryServer()
    let limit = mebibytes << 20
    let box = try Middlebox(before: registry.port, .init(bytes: limit))
    let progress = RecordedProgress()
    try await repository(box.host, progress: progress, state: state).put(Self.blob, from: BytesBlob(Self.content))
    #expect(try await digest(registry, Self.blob) == Self.blob.digest)
    let first = box.count
    #expect(first.cuts > 0)
    #expect(first.cuts <= 6, "\(progress.notes)")
    // Request heads come on top: less than a KiB for each of a hundred connections.
    #expect(first.sent - Self.content.count <= first.cuts * limit + (256 << 10), "\(progress.notes)")
    #expect(progress.bytes == UInt64(Self.content.count))
    // Another process knows it.
    let next = Descriptor.of(Self.other, .layerTar)
    try await repository(box.host, state: state).put(next, from: BytesBlob(Self.other))
    #expect(try await digest(registry, next) == next.digest)
    #expect(box.count.cuts == first.cuts)
    #expect(box.count.sent - first.sent - Self.other.count <= 256 << 10)
    registry.stop()
  }

  @Test(
    "a push to a registry that keeps its sessions learns at the cost of a chunk", arguments: [1, 3, 7, 20],
    [true, false])
  func pushesWhereSessionsSurvive(_ mebibytes: Int, _ keepsCutChunks: Bool) async throws {
    let registry = try SpecRegistry(keeping: keepsCutChunks)
    let limit = mebibytes << 20
    let box = try Middlebox(before: port(registry.host), .init(bytes: limit))
    let progress = RecordedProgress()
    try await repository(box.host, progress: progress, state: state).put(Self.blob, from: BytesBlob(Self.content))
    #expect(registry.has(Self.content))
    #expect(registry.count("POST") == 1, "the session was kept")
    let first = box.count
    #expect(first.cuts > 0 && first.cuts <= 7, "\(progress.notes)")
    #expect(first.sent - Self.content.count <= first.cuts * min(limit, 16 << 20) + (256 << 10), "\(progress.notes)")
    registry.stop()
  }

  @Test("a limit that each push meets only once, without loss, is learned by the second one")
  func pushesThatBreakOnce() async throws {
    let registry = try SpecRegistry()
    let box = try Middlebox(before: port(registry.host), .init(bytes: 20 << 20))
    var cuts: [Int] = []
    for seed in UInt64(1)...4 {
      let content = randomBytes(24 << 20, seed: seed)
      try await repository(box.host, state: state).put(.of(content, .layerTar), from: BytesBlob(content))
      #expect(registry.has(content))
      cuts.append(box.count.cuts)
    }
    #expect(cuts == [1, 2, 2, 2])
    registry.stop()
  }

  @Test("a limit that each pull meets only once is learned by the second one")
  func pullsThatBreakOnce() async throws {
    let registry = try RegistryServer()
    let blob = Descriptor.of(Self.other, .layerTar)
    try await repository(registry.host).put(blob, from: BytesBlob(Self.other))
    let box = try Middlebox(before: registry.port, .init(bytes: 20 << 20))
    var cuts: [Int] = []
    for _ in 1...4 {
      let remote = try repository(box.host, state: state)
      #expect(try await readAll(try await remote.blob(blob)) == Self.other)
      cuts.append(box.count.cuts)
    }
    #expect(cuts == [1, 2, 2, 2])
    registry.stop()
  }

  @Test("breaks at different places are accidents")
  func accidents() throws {
    let profiles = ProfileStore(try #require(Origin(.http, authority: "127.0.0.1:1")), in: directory.path)
    for bytes: UInt64 in [50 << 20, 20 << 20, 90 << 20] {
      #expect(!profiles.brokeOnce(ConnectionUse(sent: bytes, received: 0, milliseconds: 100), .upload))
    }
    #expect(profiles.current.uploadLimit == nil)
    #expect(profiles.brokeOnce(ConnectionUse(sent: 86 << 20, received: 0, milliseconds: 100), .upload))
    #expect(profiles.current.uploadLimit?.breaks == 2)
  }

  @Test("small blobs go in chunks too where a connection cannot carry them whole")
  func pushesSmallBlobs() async throws {
    let registry = try RegistryServer()
    let box = try Middlebox(before: registry.port, .init(bytes: 3 << 20))
    let remote = try repository(box.host, state: state)
    let contents = (1...6).map { randomBytes($0 < 3 ? 10 << 20 : 900_000, seed: $0) }
    for content in contents { try await remote.put(.of(content, .layerTar), from: BytesBlob(content)) }
    for content in contents {
      let blob = Descriptor.of(content, .layerTar)
      #expect(try await digest(registry, blob) == blob.digest)
    }
    #expect(box.count.cuts <= 3, "the others know it from the first")
    #expect(remote.profile.uploadMethod == nil)
    registry.stop()
  }

  @Test("a limit by time is learned with the rate of the line")
  func pushesByTime() async throws {
    let registry = try RegistryServer()
    let box = try Middlebox(before: registry.port, .init(milliseconds: 2000, rate: 6 << 20))
    let progress = RecordedProgress()
    let remote = try repository(box.host, progress: progress, state: state)
    try await remote.put(Self.blob, from: BytesBlob(Self.content))
    #expect(try await digest(registry, Self.blob) == Self.blob.digest)
    let limit = try #require(remote.profile.uploadLimit)
    #expect(limit.milliseconds.map { $0 >= 1500 } == true, "\(limit)")
    registry.stop()
  }

  @Test("a pull learns a limit by bytes, and asks for ranges that end before", arguments: [1, 3, 7, 20])
  func pulls(_ mebibytes: Int) async throws {
    let registry = try RegistryServer()
    try await repository(registry.host).put(Self.blob, from: BytesBlob(Self.content))
    let box = try Middlebox(before: registry.port, .init(bytes: mebibytes << 20))
    let progress = RecordedProgress()
    let remote = try repository(box.host, progress: progress, state: state)
    #expect(try await readAll(try await remote.blob(Self.blob)) == Self.content)
    let first = box.count
    #expect((1...2).contains(first.cuts), "\(progress.notes)")
    let again = try repository(box.host, state: state)
    #expect(try await readAll(try await again.blob(Self.blob)) == Self.content)
    #expect(box.count.cuts == first.cuts || first.cuts == 1, "one break may be an accident")
    registry.stop()
  }

  @Test("a pull learns a limit of some hundred KiB too")
  func pullsThroughLittle() async throws {
    let registry = try RegistryServer()
    let content = Array(Self.content.prefix(4 << 20))
    let blob = Descriptor.of(content, .layerTar)
    try await repository(registry.host).put(blob, from: BytesBlob(content))
    let box = try Middlebox(before: registry.port, .init(bytes: 256 << 10))
    let remote = try repository(box.host, state: state)
    #expect(try await readAll(try await remote.blob(blob)) == content)
    #expect(remote.profile.downloadLimit.map { $0.bytes <= 256 << 10 } == true)
    #expect(box.count.cuts <= 4, "\(box.count.cuts) of 16")
    registry.stop()
  }

  @Test("a copy learns both limits") func copies() async throws {
    let (from, to) = (try RegistryServer(), try RegistryServer())
    try await repository(from.host).put(Self.blob, from: BytesBlob(Self.content))
    let (out, into) = (
      try Middlebox(before: from.port, .init(bytes: 3 << 20)), try Middlebox(before: to.port, .init(bytes: 7 << 20))
    )
    let source = try await repository(out.host, state: state).blob(Self.blob)
    try await repository(into.host, state: state).put(Self.blob, from: source)
    #expect(try await digest(to, Self.blob) == Self.blob.digest)
    #expect(out.count.cuts > 0 && into.count.cuts > 0)
    from.stop()
    to.stop()
  }

  @Test("a limit that no chunk fits in is an error of the network that says what was learned")
  func givesUp() async throws {
    let registry = try RegistryServer()
    let box = try Middlebox(before: registry.port, .init(bytes: 40_000))
    let error = await failure {
      try await repository(box.host, state: state).put(Self.blob, from: BytesBlob(Self.content))
    }
    #expect(error?.code == .connection && error?.category == .network, "\(String(describing: error))")
    #expect(error?.hint?.contains("connections to \(box.host) broke after about") == true, "\(error?.hint ?? "")")
    registry.stop()
  }

  @Test(
    "no chunk is smaller than the registry accepts, and the error says so where none fits",
    arguments: [2 << 20, 5 << 20])
  func smallestChunk(_ minimum: Int) async throws {
    let registry = try SpecRegistry(.announcesMinimum(UInt64(minimum)), .dropsCutChunks)
    let box = try Middlebox(before: port(registry.host), .init(bytes: 3 << 20))
    let error = await failure {
      try await repository(box.host, state: state).put(Self.blob, from: BytesBlob(Self.content))
    }
    let fits = minimum < 3 << 20
    #expect(registry.has(Self.content) == fits)
    #expect(registry.patches.dropLast().allSatisfy { $0.size >= minimum })
    #expect(error?.hint?.contains("5.0 MiB, the registry's smallest chunk") == (fits ? nil : true))
    registry.stop()
  }

  @Test("where a registry accepts no chunks, the error says so")
  func noChunks() async throws {
    let registry = try SpecRegistry(.refusesChunks(405))
    let box = try Middlebox(before: port(registry.host), .init(bytes: 3 << 20))
    let error = await failure {
      try await repository(box.host, state: state).put(Self.blob, from: BytesBlob(Self.content))
    }
    #expect(error?.code == .connection && error?.category == .network)
    #expect(error?.hint?.contains("accepts no chunks") == true, "\(error?.hint ?? "")")
    registry.stop()
  }

  private func digest(_ registry: RegistryServer, _ blob: Descriptor) async throws -> Digest {
    let file = registry.file(of: blob.digest)
    return try await blocking { Digest.of(try FileBlob(file).bytes()) }
  }

  private func port(_ host: String) throws -> UInt16 {
    try #require(host.split(separator: ":").last.flatMap { UInt16($0) })
  }
}
