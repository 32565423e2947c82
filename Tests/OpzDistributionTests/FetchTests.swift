import OpzHTTP
import OpzIO
import OpzOCI
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzDistribution

/// A large blob that is fetched into a layout.
@Suite struct FetchTests {
  private static let content = randomBytes(20 << 20)
  private static let blob = Descriptor.of(content, .layerTar)

  private static func server(cutFirst: Int) throws -> ScriptedServer {
    try ScriptedServer { request in
      guard request.method == "GET" else { return .init(200, length: content.count) }
      let start = request.header("range").flatMap { Int($0.dropFirst("bytes=".count).dropLast()) } ?? 0
      let headers = start > 0 ? [("Content-Range", "bytes \(start)-\(content.count - 1)/\(content.count)")] : []
      return .init(
        start > 0 ? 206 : 200, headers, body: Array(content[start...]), cutAfter: start == 0 ? cutFirst : nil)
    }
  }

  @Test("the partial file of an interrupted pull is removed when the blob is complete", arguments: [true, false])
  func whatIsSettledGoes(_ comesLater: Bool) async throws {
    let directory = try TemporaryDirectory()
    let store = try LayoutStore.create(directory.path.appending("layout"))
    let blobs = store.root.appending("blobs/sha256")
    let part = blobs.appending("\(Durable.temporaryPrefix)part-\(Self.blob.digest.hex)")
    if !comesLater { try await store.put(Self.blob, from: BytesBlob(Self.content)) }
    try Durable.replace(part, with: Array(Self.content[..<5_000_000]))
    if comesLater {
      try await store.put(Self.blob, from: BytesBlob(Self.content))
    } else {
      #expect(try await store.contains(Self.blob))
    }
    #expect(try Directory.entries(blobs).map(\.string) == [Self.blob.digest.hex])
  }

  @Test func theNextProcessGoesOnWhereAPullBroke() async throws {
    let server = try Self.server(cutFirst: 9_000_000)
    let directory = try TemporaryDirectory()
    let store = try LayoutStore.create(directory.path.appending("layout"))
    let impatient = RetryPolicy(attempts: 1, base: 0, longest: 0, deadline: 0)
    let first = try repository(server.host, retry: impatient)
    await #expect(throws: DistributionError.self) {
      try await store.put(Self.blob, from: try await first.blob(Self.blob))
    }
    #expect(try !store.has(Self.blob))
    try await store.put(Self.blob, from: try await repository(server.host).blob(Self.blob))
    #expect(try await readAll(try store.file(Self.blob)) == Self.content)
    let ranges = server.requests.filter { $0.method == "GET" }.compactMap { $0.header("range") }
    #expect(ranges.count == 1)
    let names = try Directory.entries(store.root.appending("blobs/sha256"))
    #expect(names.count == 1)
    #expect(try FileStatus.of(store.path(of: Self.blob.digest)).mode == 0o444)
  }

  @Test func otherBytesAreNotKept() async throws {
    let other = randomBytes(20 << 20, seed: 9)
    let server = try ScriptedServer { request in
      request.method == "GET" ? .init(200, body: other) : .init(200, length: other.count)
    }
    let directory = try TemporaryDirectory()
    let store = try LayoutStore.create(directory.path.appending("layout"))
    await #expect(throws: StoreError.self) {
      try await store.put(Self.blob, from: try await repository(server.host).blob(Self.blob))
    }
    #expect(try Directory.entries(store.root.appending("blobs/sha256")).isEmpty)
  }

  @Test func twoThatWantTheSameFetchItOnce() async throws {
    let server = try Self.server(cutFirst: Self.content.count)
    let directory = try TemporaryDirectory()
    let store = try LayoutStore.create(directory.path.appending("layout"))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<2 {
        group.addTask { try await store.put(Self.blob, from: try await repository(server.host).blob(Self.blob)) }
      }
      try await group.waitForAll()
    }
    #expect(try store.has(Self.blob))
    #expect(server.requests.filter { $0.method == "GET" }.count == 1)
  }
}
