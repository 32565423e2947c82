import OpzHTTPServer
import OpzIO
import OpzTestKit
import Testing

/// HTTP/2 by prior knowledge on the model server's port, over real sockets.
@Suite("HTTP/2")
struct HTTP2Tests {
  private static let live = HTTP2Bytes.request("GET", "/v2/health/live", stream: 1)
  private static let call = [("content-type", "application/grpc"), ("te", "trailers")]

  /// Runs `client` on a thread, and checks afterwards that the server answers others.
  private func run(_ client: @escaping @Sendable (Int) throws -> Void) async throws {
    try await blocking {
      let port = try Peer.server.port
      try client(port)
      // While other tests have all of the server's streams, one is refused: the client tries again.
      var status: String?
      for _ in 0..<10_000 where status == nil {
        let wire = try HTTP2Wire(port)
        wire.send([HTTP2Tests.live])
        status = try wire.response(1)?.fields[":status"]
      }
      #expect(status == "200")
    }
  }

  @Test("Both versions are spoken on one port; a request is told by its bytes however they are split")
  func versions() async throws {
    try await run { port in
      let wire = try HTTP2Wire(port)
      wire.send([HTTP2Tests.live])
      let response = try #require(try wire.response(1))
      #expect(response.fields["content-type"] == "application/json" && response.fields["date"] != nil)
      #expect(String(decoding: response.body, as: UTF8.self) == #"{"live":true}"#)
      let connection = try RawConnection(port: port)
      for byte in HTTP2Bytes.preface + HTTP2Bytes(.settings).bytes + HTTP2Tests.live.bytes { connection.send([byte]) }
      #expect(try HTTP2Wire(connection).outcome(1) == .answered("200"))
      let http1 = try RawConnection(port: port)
      for byte in Array("POST /v2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".utf8) { http1.send([byte]) }
      #expect(try http1.receiveAll().hasPrefix("HTTP/1.1 405 "))
      let half = try RawConnection(port: port)
      half.send("PRI * HT")
      half.finishSending()
      #expect(try half.receiveAll().hasPrefix("HTTP/1.1 400 "))
    }
  }

  @Test("Many requests are answered on one connection, bodies split in any way")
  func streams() async throws {
    try await run { port in
      let wire = try HTTP2Wire(port)
      let body = Array(Peer.server.body.utf8)
      for index in 0..<90 {
        let stream = UInt32(2 * index + 1)
        wire.send([HTTP2Bytes.request("POST", Peer.server.post, stream: stream, ends: false)])
        for byte in body { wire.send([HTTP2Bytes(.data, stream: stream, [byte])]) }
        wire.send([HTTP2Bytes(.data, flags: HTTP2Bytes.endStream, stream: stream)])
        #expect(try wire.response(stream)?.fields[":status"] == "200")
      }
    }
  }

  @Test("A call of gRPC has its status in trailers, an error only trailers")
  func grpc() async throws {
    try await run { port in
      let wire = try HTTP2Wire(port)
      let path = "/grpc.health.v1.Health/Check"
      wire.send([
        HTTP2Bytes.request("POST", path, more: HTTP2Tests.call, stream: 1, ends: false),
        HTTP2Bytes(.data, stream: 1, [0, 0]),
        HTTP2Bytes(.data, flags: HTTP2Bytes.endStream, stream: 1, [0, 0, 0]),
      ])
      let answer = try #require(try wire.response(1))
      #expect(answer.fields["grpc-status"] == "0" && answer.body == [0, 0, 0, 0, 2, 8, 1])
      wire.send([HTTP2Bytes.request("POST", "/x/y", more: HTTP2Tests.call, stream: 3)])
      let refused = try #require(try wire.response(3))
      #expect(refused.fields["grpc-status"] == "12" && refused.fields[":status"] == "200" && refused.body.isEmpty)
    }
  }

  @Test("A client that resets a stream of answers goes on with its connection")
  func cancelled() async throws {
    try await run { port in
      let wire = try HTTP2Wire(port)
      wire.send([
        HTTP2Bytes.request("POST", "/grpc.health.v1.Health/Watch", more: HTTP2Tests.call, stream: 1, ends: false),
        HTTP2Bytes(.data, flags: HTTP2Bytes.endStream, stream: 1, [0, 0, 0, 0, 0]),
      ])
      for index in 1..<20 {
        // The first answer has begun when the second is there.
        if index == 2 { wire.send([HTTP2Bytes(.reset, stream: 1, [0, 0, 0, 8])]) }
        let stream = UInt32(2 * index + 1)
        wire.send([HTTP2Bytes.request("GET", "/v2/health/live", stream: stream)])
        let outcome = try wire.outcome(stream)
        #expect(outcome == .answered("200") || outcome == .reset(7))
      }
    }
  }

  @Test("The limit of requests at once is announced, and a client that passes it hurts only itself")
  func limit() async throws {
    try await run { port in
      let wire = try HTTP2Wire(port)
      let settings = try #require(try wire.next())
      #expect(settings.kind == .settings)
      let pairs = stride(from: 0, to: settings.payload.count, by: 6).map { start in
        settings.payload[start..<start + 2].reduce(0) { $0 << 8 | UInt32($1) } << 16
          | settings.payload[start + 2..<start + 6].reduce(0) { $0 << 8 | UInt32($1) }
      }
      #expect(pairs.contains(3 << 16 | 100))
      for index in 0..<101 {
        wire.send([HTTP2Bytes.request("POST", Peer.server.post, stream: UInt32(2 * index + 1), ends: false)])
      }
      let outcome = try wire.outcome(201)
      #expect(outcome == .reset(7) || outcome.isRefused)
    }
  }

  @Test("A client that opens and resets requests without end is cut off (CVE-2023-44487)")
  func rapidReset() async throws {
    try await run { port in
      let wire = try HTTP2Wire(port)
      for index in 0..<20_000 {
        let stream = UInt32(2 * index + 1)
        let open = HTTP2Bytes.request("POST", Peer.server.post, stream: stream, ends: false)
        guard wire.send([open, HTTP2Bytes(.reset, stream: stream, [0, 0, 0, 8])]) else { break }
      }
      #expect(try wire.goAway() != nil)
    }
  }

  @Test("Headers without end are cut off, in CONTINUATION frames and by their size")
  func headers() async throws {
    try await run { port in
      let flood = try HTTP2Wire(port)
      flood.send([HTTP2Bytes(.headers, stream: 1, HTTP2Bytes.fields([(":method", "GET")]))])
      for index in 0..<10_000 {
        let more = HTTP2Bytes(.continuation, stream: 1, HTTP2Bytes.fields([("x-\(index)", "y")]))
        guard flood.send([more]) else { break }
      }
      #expect(try flood.goAway() != nil)
      let large = try HTTP2Wire(port)
      large.send([
        HTTP2Bytes(
          .headers, flags: HTTP2Bytes.endStream, stream: 1,
          HTTP2Bytes.fields([(":method", "GET"), ("x", String(repeating: "y", count: 15_000))])),
        HTTP2Bytes(
          .continuation, flags: HTTP2Bytes.endHeaders, stream: 1,
          HTTP2Bytes.fields([("z", String(repeating: "y", count: 15_000))])),
      ])
      #expect(try large.outcome(1).isRefused)
    }
  }

  @Test(
    "Errors of the protocol end the connection",
    arguments: [
      HTTP2Bytes(.data, stream: 0, [1]), HTTP2Bytes(.data, stream: 7, [1]), HTTP2Bytes(.settings, [1]),
      HTTP2Bytes(.windowUpdate, [0, 0, 0, 0]), HTTP2Bytes(.windowUpdate, [0x7f, 0xff, 0xff, 0xff]),
      HTTP2Bytes(.ping, [1]), HTTP2Bytes(.headers, flags: 5, stream: 1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
      HTTP2Bytes(.continuation, stream: 1, [0]), HTTP2Bytes(.headers, flags: 5, stream: 2, [0x82]),
      HTTP2Bytes(.push, flags: 4, stream: 1, [0, 0, 0, 2]),
    ])
  func errors(frame: HTTP2Bytes) async throws {
    try await run { port in
      let wire = try HTTP2Wire(port)
      wire.isSilent = true
      wire.send([frame])
      let code = try wire.goAway()
      #expect(code != nil && code != 0)
    }
  }

  @Test(
    "A request that HTTP/2 does not have is refused",
    arguments: [
      [(":method", "GET"), (":scheme", "http"), (":path", "v2"), (":authority", "h")],
      [(":method", "GET"), (":scheme", "http"), (":path", ""), (":authority", "h")],
      [(":method", "GET"), (":scheme", "http"), (":authority", "h")],
      [(":method", "GET"), (":scheme", "http"), (":path", "/v2"), (":path", "/v2")],
      [(":method", "GET"), (":scheme", "http"), (":path", "/v2"), ("connection", "close")],
      [(":method", "GET"), (":scheme", "http"), (":path", "/v2"), ("UPPER", "x")],
      [(":method", "GET"), (":scheme", "http"), (":path", "/v2%zz")],
      [(":method", "POST"), (":scheme", "http"), (":path", "/v2/models/m/infer"), ("content-length", "5")],
    ])
  func malformed(fields: [(String, String)]) async throws {
    try await run { port in
      let wire = try HTTP2Wire(port)
      wire.isSilent = true
      wire.send([HTTP2Bytes(.headers, flags: 5, stream: 1, HTTP2Bytes.fields(fields))])
      #expect(try wire.outcome(1).isRefused)
    }
  }

  @Test("A request of the same form that HTTP/2 has is answered")
  func wellFormed() async throws {
    try await run { port in
      let fields = [(":method", "GET"), (":scheme", "http"), (":path", "/v2"), (":authority", "h"), ("lower", "x")]
      var outcome = HTTP2Wire.Outcome.reset(7)
      // Other tests may have all of the server's streams.
      while outcome == .reset(7) {
        let wire = try HTTP2Wire(port)
        wire.send([HTTP2Bytes(.headers, flags: 5, stream: 1, HTTP2Bytes.fields(fields))])
        outcome = try wire.outcome(1)
      }
      #expect(outcome == .answered("200"))
    }
  }

  @Test("Bytes that are no frames never hurt others", arguments: 0..<8 as Range<UInt64>)
  func noise(seed: UInt64) async throws {
    try await run { port in
      var random = SeededGenerator(seed: seed)
      for _ in 0..<20 {
        let wire = try HTTP2Wire(port)
        var bytes = (0..<20).flatMap { index in
          HTTP2Bytes.request("GET", "/v2", stream: UInt32(2 * index + 1)).bytes
        }
        for _ in 0..<10 {
          bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
        }
        _ = wire.send(raw: bytes)
      }
    }
  }

  @Test("A client that takes nothing of its responses keeps neither others nor its other requests waiting")
  func slow() async throws {
    let service = ClosureService { _, _ in Response(200, body: .bytes(Array("hello".utf8))) }
    try await service.run(HTTPServerLimits()) { port in
      // A window of nothing (SETTINGS_INITIAL_WINDOW_SIZE).
      let wire = try HTTP2Wire(port, settings: [(4, 0)])
      for index in 0..<50 { wire.send([HTTP2Bytes.request("GET", "/", stream: UInt32(2 * index + 1))]) }
      // Only the last response may be sent.
      wire.send([HTTP2Bytes(.windowUpdate, stream: 99, [0, 0, 1, 0])])
      #expect(try wire.response(99)?.body == Array("hello".utf8))
      let other = try HTTP2Wire(port)
      other.send([HTTP2Bytes.request("GET", "/", stream: 1)])
      #expect(try other.outcome(1) == .answered("200"))
      wire.send([HTTP2Bytes(.windowUpdate, stream: 1, [0, 0, 1, 0])])
      #expect(try wire.response(1)?.body == Array("hello".utf8))
    }
  }

  @Test("A client that never takes its response is cut off")
  func untaken() async throws {
    var limits = HTTPServerLimits()
    limits.answerSeconds = 1
    let service = ClosureService { _, _ in Response(200, body: .bytes(Array("hello".utf8))) }
    try await service.run(limits) { port in
      let wire = try HTTP2Wire(port, settings: [(4, 0)])
      wire.send([HTTP2Bytes.request("GET", "/", stream: 1)])
      #expect(try wire.outcome(1) == .reset(8))
    }
  }

  @Test("SIGTERM: the request in flight is answered after a GOAWAY, and an idle connection does not keep the server")
  func drain() async throws {
    try await blocking {
      let peer = try PeerProcess(.server)
      let (busy, idle) = (try HTTP2Wire(peer.port), try HTTP2Wire(peer.port))
      busy.send([
        HTTP2Bytes.request("POST", Peer.server.post, stream: 1, ends: false), HTTP2Bytes(.data, stream: 1, [123]),
      ])
      // The server has seen the request when it answers another one after it.
      busy.send([HTTP2Bytes.request("GET", "/v2/health/live", stream: 3)])
      #expect(try busy.response(3) != nil)
      peer.process.send(signal: 15)
      while let frame = try busy.next(), frame.kind != .goAway {}
      busy.send([HTTP2Bytes(.data, flags: 1, stream: 1, Array(Peer.server.body.utf8.dropFirst()))])
      #expect(try busy.response(1)?.fields[":status"] == "200")
      #expect(peer.process.wait() == 0)
      #expect(try idle.goAway() == 0)
    }
  }

  @Test("While it drains, requests are answered, and a connection is told with its response to send no more (GOAWAY)")
  func draining() async throws {
    try await blocking {
      let peer = try PeerProcess(.server, environment: ["OPZ_DRAIN_SECONDS=3600"])
      let wire = try HTTP2Wire(peer.port)
      wire.send([HTTP2Tests.live])
      #expect(try wire.outcome(1) == .answered("200"))
      peer.process.send(signal: 15)
      // Draining has begun when it is not ready any more.
      while true {
        let probe = try Wire(peer.port)
        probe.send("GET /v2/health/ready HTTP/1.1\r\nHost: h\r\n\r\n")
        if try probe.reply()?.status == 503 { break }
      }
      let path = "/grpc.health.v1.Health/Check"
      let call = HTTP2Bytes(.data, flags: HTTP2Bytes.endStream, stream: 3, [0, 0, 0, 0, 0])
      wire.send([HTTP2Bytes.request("POST", path, more: HTTP2Tests.call, stream: 3, ends: false), call])
      #expect(try wire.response(3)?.fields["grpc-status"] == "0")
      #expect(try wire.goAway() == 0)
      let other = try HTTP2Wire(peer.port)
      other.send([HTTP2Tests.live])
      #expect(try other.outcome(1) == .answered("200"))
      #expect(try other.goAway() == 0)
      // A second signal ends the wait.
      peer.process.send(signal: 15)
      #expect(peer.process.wait() == 0)
    }
  }
}
