import OpzIO
import OpzTestKit
import Testing

@testable import OpzInference
@testable import OpzServe

/// Over real sockets, in this process.
@Suite("The server on a socket")
struct LiveServerTests {
  private static let row = #"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,0]}]}"#

  private static func post(_ body: String, _ fields: String = "") -> String {
    "POST /v2/models/team/score/infer HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)"
  }

  /// The default times are long: among hundreds of other tests, a server's tasks wait for their turn.
  private static let patient: ServerLimits = {
    var limits = ServerLimits()
    (limits.headerSeconds, limits.bodySeconds, limits.answerSeconds) = (600, 600, 600)
    return limits
  }()

  /// Runs `client` on a thread against a server, then stops the server and waits until it has ended.
  private func withServer(
    _ limits: ServerLimits = patient, _ client: @escaping @Sendable (Int) throws -> Void
  ) async throws {
    var options = ServerOptions()
    (options.host, options.port) = ("127.0.0.1", 0)
    let server = InferenceServer.sample(limits)
    let http = try await ServerCommand.listen(options, limits)
    server.lifecycle.becomeReady()
    let running = Task { await http.run(server) }
    do {
      try await blocking { try client(http.port) }
    } catch {
      Issue.record(error)
    }
    http.stop()
    await running.value
  }

  @Test("One connection carries many requests, including pipelined ones")
  func keepAlive() async throws {
    try await withServer { port in
      let connection = try RawConnection(port: port)
      for _ in 0..<3 {
        connection.send(LiveServerTests.post(LiveServerTests.row))
        let response = try #require(try connection.receiveResponse())
        #expect(response.status == 200)
        #expect(response.body.contains("\"data\":[21.0]"))
      }
      let two = LiveServerTests.post(LiveServerTests.row) + LiveServerTests.post("{", "Connection: close\r\n")
      connection.send(two)
      let text = try connection.receiveAll()
      #expect(text.contains("HTTP/1.1 200") && text.contains("HTTP/1.1 400"))
    }
  }

  @Test("A body that is sent in pieces or in chunks is one body")
  func pieces() async throws {
    try await withServer { port in
      let connection = try RawConnection(port: port)
      connection.send("POST /v2/models/team/score/infer HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
      for byte in LiveServerTests.row.utf8 { connection.send("1\r\n\(Character(Unicode.Scalar(byte)))\r\n") }
      connection.send("0\r\n\r\n")
      #expect(try connection.receiveResponse()?.status == 200)
    }
  }

  @Test("HEAD has only the head of GET")
  func head() async throws {
    try await withServer { port in
      let connection = try RawConnection(port: port)
      connection.send("HEAD /v2/health/live HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
      let text = try connection.receiveAll()
      #expect(text.hasPrefix("HTTP/1.1 200"))
      #expect(text.lowercased().contains("content-length: 13"))
      #expect(text.hasSuffix("\r\n\r\n"))
    }
  }

  @Test("Expect: 100-continue gets 100, or 413 if the body is too large")
  func expectContinue() async throws {
    try await withServer { port in
      let connection = try RawConnection(port: port)
      let text = LiveServerTests.post(LiveServerTests.row, "Expect: 100-continue\r\n")
      let head = text.prefix(text.count - LiveServerTests.row.count)
      connection.send(String(head))
      #expect(try connection.receiveResponse()?.head == "HTTP/1.1 100 Continue")
      connection.send(LiveServerTests.row)
      #expect(try connection.receiveResponse()?.status == 200)

      let other = try RawConnection(port: port)
      other.send(
        "POST /v2/models/team/score/infer HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n"
      )
      let response = try other.receiveAll()
      #expect(response.hasPrefix("HTTP/1.1 413") && response.lowercased().contains("connection: close"))
    }
  }

  @Test("A body over the limit gets 413 and its connection is closed, with or without a Content-Length")
  func largeBody() async throws {
    var limits = LiveServerTests.patient
    limits.bodyBytes = 1000
    try await withServer(limits) { port in
      let announced = try RawConnection(port: port)
      announced.send(LiveServerTests.post(String(repeating: " ", count: 1001)))
      #expect(try announced.receiveAll().hasPrefix("HTTP/1.1 413"))

      let chunked = try RawConnection(port: port)
      chunked.send("POST /v2/models/team/score/infer HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
      let chunk = "400\r\n" + String(repeating: " ", count: 1024) + "\r\n"
      while chunked.send(chunk) {}
    }
  }

  @Test("A connection without a header, and a header without its body, are closed")
  func slow() async throws {
    var limits = ServerLimits()
    limits.headerSeconds = 1
    limits.bodySeconds = 1
    try await withServer(limits) { port in
      let header = try RawConnection(port: port)
      header.send("POST /v2/models/team/score/infer HT")
      let body = try RawConnection(port: port)
      body.send("POST /v2/models/team/score/infer HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n{")
      #expect(try header.receiveAll() == "")
      #expect(try body.receiveAll() == "")
      let good = try RawConnection(port: port)
      good.send(LiveServerTests.post(LiveServerTests.row))
      #expect(try good.receiveResponse()?.status == 200)
    }
  }

  @Test("A client that does not receive its response is cut off")
  func unread() async throws {
    var limits = ServerLimits()
    limits.answerSeconds = 1
    limits.bodySeconds = 1
    try await withServer(limits) { port in
      let connection = try RawConnection(port: port)
      // Requests whose responses fill the socket's buffers, sent until the server closes the connection.
      let data = Array(repeating: "1.2345,1,1", count: 20_000).joined(separator: ",")
      let body = #"{"inputs":[{"name":"x","shape":[20000,3],"datatype":"FP32","data":[\#(data)]}]}"#
      let request = LiveServerTests.post(body)
      for _ in 0..<1000 where !connection.send(request) { return }
      Issue.record("a thousand responses, none of them taken")
    }
  }
}
