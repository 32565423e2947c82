import OpzHub
import OpzIO
import OpzOCI
import OpzRegistryKit
import OpzStore
import OpzTestKit
import Synchronization
import Testing

@testable import OpzDistribution

/// Streams from one registry to another, with nothing stored on this disk.
@Suite struct StreamTests {
  private static let content = randomBytes(2_000_000)
  private static let blob = Descriptor.of(content, .layerTar)

  private func filled() async throws -> SpecRegistry {
    let server = try SpecRegistry()
    try await repository(server.host).put(Self.blob, from: BytesBlob(Self.content))
    return server
  }

  @Test func isOneDownloadForAllChunks() async throws {
    let source = try await filled()
    let destination = try SpecRegistry()
    let progress = RecordedProgress()
    let remote = try repository(destination.host, progress: progress)
    remote.learn { $0.requestMaximum = 150_000 }
    try await remote.put(Self.blob, from: try await repository(source.host, progress: progress).blob(Self.blob))
    #expect(destination.has(Self.content))
    #expect(source.count("GET") == 1)
    #expect(destination.count("PATCH") == 14)
    #expect(progress.bytes == 2_000_000, "counted once")
    source.stop()
    destination.stop()
  }

  @Test(arguments: [true, false]) func opensItsSourceWhereAChunkIsRepeated(_ keeps: Bool) async throws {
    let source = try await filled()
    let destination = try SpecRegistry(keeping: keeps, cuts: [250_000, 1_000_000, 1_700_001])
    let remote = try repository(destination.host)
    remote.learn { $0.requestMaximum = 150_000 }
    try await remote.put(Self.blob, from: try await repository(source.host).blob(Self.blob))
    #expect(destination.has(Self.content))
    #expect(destination.count("POST") == 1)
    let ranges = source.requests.filter { $0.method == "GET" }.map { $0.header("range") ?? "" }
    // Each cut reopens it twice at most, and so does a connection that a loaded machine loses; each chunk would be 14.
    #expect(ranges.count < 14, "\(ranges)")
    source.stop()
    destination.stop()
  }

  /// A source without data does not block other transfers.
  @Test func aSourceThatWaitsHoldsNothingUp() async throws {
    let isReleased = Monitor(false)
    let server = try ScriptedServer { request in
      if request.method == "HEAD" { return .init(200, length: 2_000_000) }
      isReleased.wait { $0 ? true : nil }
      return .init(200, body: Self.content)
    }
    let destination = try SpecRegistry()
    let remote = try repository(destination.host)
    let blob = try await repository(server.host).blob(Self.blob)
    let slow = Task { try await remote.put(Self.blob, from: blob) }
    while server.requests.count < 2 { await Task.yield() }
    let small = randomBytes(1000)
    try await remote.put(.of(small, .layerTar), from: BytesBlob(small))
    #expect(destination.has(small))
    isReleased.change { $0 = true }
    try await slow.value
    #expect(destination.has(Self.content))
    server.stop()
    destination.stop()
  }

  @Test func copiesDockersRegistryToDockersRegistry() async throws {
    let (from, to) = (try RegistryServer(), try RegistryServer())
    let content = randomBytes(30 << 20)
    let blob = Descriptor.of(content, .layerTar)
    try await repository(from.host).put(blob, from: BytesBlob(content))
    let remote = try repository(to.host)
    try await remote.put(blob, from: try await repository(from.host).blob(blob))
    #expect(try await remote.contains(blob))
    from.stop()
    to.stop()
  }
}
