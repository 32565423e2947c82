import OpzHTTP
import OpzIO
import OpzOCI
import OpzTestKit
import Testing

@testable import OpzDistribution

@Suite("Endless and broken lists of referrers")
struct ReferrerListTests {
  let image = Digest.of([1])

  /// A registry whose list of referrers has pages made by `page` from a number and a filter.
  func server(_ page: @escaping @Sendable (Int, String?) -> ScriptedServer.Answer) throws -> ScriptedServer {
    try ScriptedServer { request in
      guard request.path.contains("/referrers/") else { return .init(404) }
      let query = request.target.split(separator: "?").dropFirst().first ?? ""
      let fields = query.split(separator: "&").map { $0.split(separator: "=").map(String.init) }
      func value(_ name: String) -> String? { fields.first { $0.first == name }?.last }
      return page(value("page").flatMap { Int($0) } ?? 0, value("artifactType"))
    }
  }

  static func body(_ entries: [Descriptor], next: Int?) -> ScriptedServer.Answer {
    let index = try? Index(Index.Content(manifests: entries))
    let link = next.map { [("Link", "</v2/a/b/referrers/\(Digest.of([1]))?page=\($0)>; rel=\"next\"")] } ?? []
    return .init(200, [("Content-Type", MediaType.imageIndex.rawValue)] + link, body: index?.raw ?? [])
  }

  static func entry(_ number: Int, _ type: String = "application/vnd.example") -> Descriptor {
    Descriptor(
      mediaType: .imageManifest, digest: .of(Array("\(number)".utf8)), size: 1, artifactType: MediaType(type))
  }

  func remote(_ server: ScriptedServer) throws -> RemoteRepository {
    try RemoteRepository(
      Reference(parsing: "\(server.host)/a/b"), environment: [:],
      retry: RetryPolicy(attempts: 1, base: 0, longest: 0, deadline: 0), scheme: nil)
  }

  @Test("pages are followed to the end")
  func pages() async throws {
    let server = try server { page, _ in Self.body([Self.entry(page)], next: page < 4 ? page + 1 : nil) }
    let list = try await remote(server).referrerList(of: image)
    #expect(list.entries.map(\.digest) == (0..<5).map { Self.entry($0).digest } && list.leftOut == nil)
    #expect(try await remote(server).referrers(of: image).count == 5)
  }

  @Test("an endless list is cut off and reported")
  func endless() async throws {
    let server = try server { page, _ in Self.body([Self.entry(page)], next: page + 1) }
    let list = try await remote(server).referrerList(of: image)
    #expect(list.entries.count == ReferrerList.pageLimit && list.leftOut?.contains("100 pages") == true)
    let error = await #expect(throws: DistributionError.self) { try await remote(server).referrers(of: image) }
    #expect(error?.code == .tooLarge)
  }

  @Test("the number of entries is limited")
  func wide() async throws {
    let server = try server { page, _ in
      Self.body((0..<3000).map { Self.entry(page * 3000 + $0) }, next: page + 1)
    }
    let list = try await remote(server).referrerList(of: image)
    #expect(list.entries.count == ReferrerList.limit && list.leftOut?.contains("10000") == true)
  }

  @Test(
    "an unreadable page ends the list, and the pages before it count",
    arguments: ["{", "{\"schemaVersion\":2,\"manifests\":[{}]}", "not JSON", ""])
  func badPage(_ text: String) async throws {
    let server = try server { page, _ in
      page < 2 ? Self.body([Self.entry(page)], next: page + 1) : .init(200, [], text: text)
    }
    let list = try await remote(server).referrerList(of: image)
    #expect(list.entries.count == 2 && list.leftOut?.contains("page 3") == true)
    await #expect(throws: (any Error).self) { try await remote(server).referrers(of: image) }
    let first = try self.server { _, _ in .init(200, [], text: text) }
    await #expect(throws: (any Error).self) { try await remote(first).referrerList(of: image) }
  }

  @Test("the artifact type is requested as in the distribution-spec")
  func filter() async throws {
    let server = try server { _, type in Self.body(type.map { [Self.entry(1, $0)] } ?? [], next: nil) }
    let list = try await remote(server).referrerList(of: image, type: MediaType("application/vnd.x.v1+json"))
    #expect(list.entries.map(\.artifactType?.rawValue) == ["application/vnd.x.v1%2Bjson"])
  }
}
