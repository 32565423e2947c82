import OpzIO
import OpzTestKit
import Synchronization
import Testing

@testable import OpzHTTP

/// What connections carry, and what happens to a request whose connection breaks.
@Suite("Connections and what they carry") struct ConnectionUseTests {
  private typealias Answer = ScriptedServer.Answer

  /// The events of requests to a server, in order.
  private final class Events: Sendable {
    private let all = Mutex<[HTTPClient.SendEvent]>([])

    func add(_ event: HTTPClient.SendEvent) { all.withLock { $0.append(event) } }

    var carried: [ConnectionUse] {
      all.withLock { $0.compactMap { if case .carried(let use) = $0 { use } else { nil } } }
    }
    var broken: [ConnectionUse] {
      all.withLock { $0.compactMap { if case .broke(let use) = $0 { use } else { nil } } }
    }
  }

  private static func client() throws -> HTTPClient {
    try HTTPClient(HTTPSettings(userAgent: "opz-tests/1", environment: [:]))
  }

  private static func address(_ server: ScriptedServer) throws -> WebAddress {
    try #require(WebAddress("http://\(server.host)/x"))
  }

  private static func put(
    _ body: HTTPRequest.Body, to server: ScriptedServer, isFresh: Bool = false
  ) throws -> HTTPRequest {
    // No go-ahead is asked for, so that libcurl sends the body at once.
    HTTPRequest(
      method: .put, address: try address(server), headers: [("Expect", "")], body: body, isFresh: isFresh)
  }

  @Test("a connection's requests add up, and a new connection begins at nothing")
  func addsUp() async throws {
    let server = try ScriptedServer { _ in Answer(200, body: [UInt8](repeating: 0, count: 500)) }
    let (client, events) = (try Self.client(), Events())
    let body = HTTPRequest.Body.blob(BytesBlob(randomBytes(10_000)))
    for isFresh in [false, false, true] {
      _ = try await client.send(try Self.put(body, to: server, isFresh: isFresh), onSent: events.add)
    }
    #expect(events.carried.map(\.sent) == [10_000, 20_000, 10_000])
    #expect(events.carried.map(\.received) == [500, 1000, 500])
    #expect(events.broken.isEmpty)
    server.stop()
  }

  @Test("a blob is not sent again by itself after a connection broke that was open, other bodies are")
  func isSentOnce() async throws {
    let respond: @Sendable (ScriptedServer.Request) -> Answer = { $0.number == 2 ? .hangUp : Answer(201) }
    let (client, events) = (try Self.client(), Events())
    let content = randomBytes(40_000)
    let server = try ScriptedServer(respond)
    _ = try await client.send(try Self.put(.bytes([1]), to: server))
    await #expect(throws: HTTPError.self) {
      try await client.send(try Self.put(.blob(BytesBlob(content)), to: server), onSent: events.add)
    }
    #expect(server.requests.count == 2)
    #expect(events.broken.map(\.sent) == [40_001], "with the request before")
    server.stop()

    let other = try ScriptedServer(respond)
    _ = try await client.send(try Self.put(.bytes([1]), to: other))
    let response = try await client.send(try Self.put(.bytes(content), to: other))
    #expect(response.status == 201 && other.requests.count == 3)
    other.stop()
  }

  @Test("a response that breaks says how much arrived")
  func breaksInTheResponse() async throws {
    let server = try ScriptedServer { _ in Answer(200, body: randomBytes(900_000), cutAfter: 300_000) }
    let (client, events) = (try Self.client(), Events())
    await #expect(throws: HTTPError.self) {
      try await client.send(HTTPRequest(method: .get, address: try Self.address(server)), onSent: events.add)
    }
    #expect(events.broken.map(\.received) == [300_000])
    server.stop()
  }
}
