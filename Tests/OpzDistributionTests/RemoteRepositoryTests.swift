import OpzIO
import OpzOCI
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzDistribution

/// Against Debian's docker-registry.
@Suite struct RemoteRepositoryTests {
  @Test func sixtyFourMebibytesComeBack() async throws {
    let server = try RegistryServer()
    let directory = try TemporaryDirectory()
    let file = directory.path.appending("blob")
    let piece = randomBytes(1 << 20)
    let written = try Self.write(file, pieces: 64, of: piece)
    let progress = RecordedProgress()
    let remote = try repository(server.host, progress: progress)
    try await remote.put(written, from: try FileBlob(file))
    #expect(progress.outcomes == [.done])
    #expect(progress.bytes == 64 << 20)
    let layout = try LayoutStore.create(directory.path.appending("layout"))
    try await layout.put(written, from: try await remote.blob(written))
    #expect(try layout.has(written))
    #expect(progress.bytes == 128 << 20)
    server.stop()
  }

  @Test(arguments: [0, 1, 65_535, 65_536, 1_000_000, 2_999_999, 3_000_000] as [UInt64])
  func opensInTheMiddle(_ offset: UInt64) async throws {
    let server = try RegistryServer()
    let content = randomBytes(3_000_000)
    let descriptor = Descriptor.of(content, .layerTar)
    let remote = try repository(server.host)
    try await remote.put(descriptor, from: BytesBlob(content))
    let tail = try await readAll(try await remote.blob(descriptor), from: offset)
    #expect(tail == Array(content[Int(offset)...]))
    server.stop()
  }

  @Test func mountsFromAnotherRepository() async throws {
    let server = try RegistryServer()
    let content = randomBytes(100_000)
    let descriptor = Descriptor.of(content, .layerTar)
    try await repository(server.host, "base/runtime").put(descriptor, from: BytesBlob(content))
    let progress = RecordedProgress()
    let candidates = [descriptor.digest: ["no/such", "base/runtime"]]
    let remote = try repository(server.host, mounts: candidates, progress: progress)
    // The source cannot be read, but a mount does not need its bytes.
    try await remote.put(descriptor, from: FileBlob("/nonexistent", size: descriptor.size))
    #expect(progress.outcomes == [.mounted])
    #expect(progress.bytes == 0)
    #expect(try await readAll(try await remote.blob(descriptor)) == content)
    server.stop()
  }

  @Test func sendsWhereAMountDoesNotWork() async throws {
    let tokens = try TokenServer()
    let server = try RegistryServer(
      .token(
        realm: tokens.realm, service: TokenServer.service, issuer: TokenServer.issuer, certificate: tokens.certificate))
    let content = randomBytes(100_000)
    let descriptor = Descriptor.of(content, .layerTar)
    let progress = RecordedProgress()
    let remote = try repository(server.host, mounts: [descriptor.digest: ["no/such"]], progress: progress)
    try await remote.put(descriptor, from: BytesBlob(content))
    #expect(progress.outcomes == [.done])
    let scopes = tokens.requests.map(\.target).joined(separator: "\n")
    #expect(scopes.contains("scope=repository%3Ano%2Fsuch%3Apull"), "\(scopes)")
    server.stop()
  }

  @Test func referrersWithoutTheAPI() async throws {
    let server = try RegistryServer()
    let remote = try repository(server.host)
    let config = Descriptor.emptyConfig
    let layer = randomBytes(500)
    try await remote.put(config, from: BytesBlob(Array("{}".utf8)))
    try await remote.put(.of(layer, .layerTar), from: BytesBlob(layer))
    let image = try Manifest(.init(config: config, layers: [.of(layer, .layerTar)]))
    try await remote.put(image.descriptor, from: BytesBlob(image.raw))
    #expect(try await remote.referrers(of: image.descriptor.digest).isEmpty)
    // Concurrent writers in one process lose nothing either.
    let records = try (0..<3).map { number in
      try Manifest(
        .init(
          artifactType: MediaType("application/x.record"), config: config, layers: [.of(layer, .layerTar)],
          subject: image.descriptor.withoutAnnotations, annotations: ["n": "\(number)"]))
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for record in records { group.addTask { try await remote.put(record.descriptor, from: BytesBlob(record.raw)) } }
      try await group.waitForAll()
    }
    let found = try await remote.referrers(of: image.descriptor.digest)
    #expect(Set(found.map(\.digest)) == Set(records.map(\.descriptor.digest)))
    #expect(found.allSatisfy { $0.artifactType?.rawValue == "application/x.record" && $0.annotations?["n"] != nil })
    #expect(try await remote.resolve("sha256-\(image.descriptor.digest.hex)").mediaType == .imageIndex)
    server.stop()
  }

  @Test func finishesAReferrerThatNoListNames() async throws {
    let server = try RegistryServer()
    let source = MemoryStore()
    let empty = Array("{}".utf8)
    try await source.put(.emptyConfig, from: BytesBlob(empty))
    let image = try Manifest(.init(config: .emptyConfig, layers: []))
    let record = try Manifest(
      .init(
        artifactType: MediaType("application/x.record"), config: .emptyConfig, layers: [],
        subject: image.descriptor.withoutAnnotations))
    for manifest in [image, record] { try await source.put(manifest.descriptor, from: BytesBlob(manifest.raw)) }
    _ = try await copy(image.descriptor, from: source, to: repository(server.host))
    _ = try await copy(record.descriptor, from: source, to: repository(server.host))
    // As after a push that was killed between the record and the referrers list.
    let list = try Index(.init(manifests: []))
    try await repository(server.host).manifests.put(
      list.raw, .imageIndex, as: "sha256-\(image.descriptor.digest.hex)")
    #expect(try await repository(server.host).referrers(of: image.descriptor.digest).isEmpty)
    let again = try await copy(record.descriptor, from: source, to: repository(server.host))
    #expect(again.copied == 1 && again.existed == 1)
    let found = try await repository(server.host).referrers(of: image.descriptor.digest)
    #expect(found.map(\.digest) == [record.descriptor.digest])
    let third = try await copy(record.descriptor, from: source, to: repository(server.host))
    #expect(third.copied == 0)
    server.stop()
  }

  @Test func copiesAnImageThereAndBack() async throws {
    let server = try RegistryServer()
    let source = MemoryStore()
    let config = Array(#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#.utf8)
    let layers = (1...4).map { randomBytes(200_000, seed: $0) }
    for layer in layers { try await source.put(.of(layer, .layerTar), from: BytesBlob(layer)) }
    try await source.put(.of(config, .imageConfig), from: BytesBlob(config))
    let manifest = try Manifest(
      .init(config: .of(config, .imageConfig), layers: layers.map { .of($0, .layerTar) }))
    try await source.put(manifest.descriptor, from: BytesBlob(manifest.raw))
    let progress = RecordedProgress()
    let remote = try repository(server.host, progress: progress)
    let pushed = try await copy(manifest.descriptor, from: source, to: remote, progress: progress)
    #expect(pushed.copied == 6)
    #expect(progress.outcomes.count == 6)
    try await remote.tag(manifest.descriptor, as: "1.0.0")
    let again = try await copy(manifest.descriptor, from: source, to: remote, progress: progress)
    #expect(again.existed == 6)
    #expect(progress.outcomes.count == 12)

    let other = try repository(server.host)
    let back = MemoryStore()
    let found = try await other.resolve("1.0.0")
    #expect(found.digest == manifest.descriptor.digest)
    _ = try await copy(found, from: other, to: back)
    #expect(try await back.manifest(found).raw == manifest.raw)
    for layer in layers { #expect(try await back.contains(.of(layer, .layerTar))) }
    server.stop()
  }

  @Test func refusesAWrongPassword() async throws {
    let server = try RegistryServer(.basic(user: "ann", password: "right"))
    let config = try DockerConfig(server.host, user: "ann", password: "wr0ng-secret")
    let error = await failure { try await repository(server.host, environment: config.environment).resolve("latest") }
    #expect(error?.code == .unauthorized)
    #expect(error?.category == .network)
    #expect(error?.description.contains("wr0ng-secret") == false)
    let anonymous = await failure { try await repository(server.host).resolve("latest") }
    #expect(anonymous?.code == .unauthorized)
    #expect(anonymous?.hint?.contains("login") == true)
    server.stop()
  }

  @Test func saysThatARegistryWhichIsNotThereIsNotThere() async throws {
    let taken = try LoopbackListener(isListening: false)
    let progress = RecordedProgress()
    let error = await failure { try await repository("127.0.0.1:\(taken.port)", progress: progress).resolve("latest") }
    #expect(error?.code == .connection)
    #expect(progress.notes.count == 4, "each repetition is one note")
  }

  private static func write(_ file: FilePath, pieces: Int, of piece: [UInt8]) throws -> Descriptor {
    var hasher = DigestHasher()
    var all: [UInt8] = []
    for number in 0..<pieces {
      var next = piece
      next[0] = UInt8(truncatingIfNeeded: number)
      hasher.update(next)
      all += next
    }
    try Durable.replace(file, with: all)
    return Descriptor(mediaType: .layerTar, digest: hasher.finish(), size: UInt64(all.count))
  }
}
