import OpzIO
import OpzTestKit
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// RFC 9110 and RFC 9112 against both servers, byte by byte, with the real programs.
@Suite("HTTP conformance")
struct ConformanceTests {
  static let groups: [(String, [Exchange])] = [
    ("connections", Exchange.connections), ("hosts", Exchange.hosts), ("lines", Exchange.lines),
    ("fields", Exchange.fields), ("lengths", Exchange.lengths), ("chunks", Exchange.chunks),
    ("expectations", Exchange.expectations),
  ]

  @Test("Each request gets its response; its connection stays open or ends", arguments: Peer.allCases, groups.map(\.0))
  func exchanges(peer: Peer, group: String) async throws {
    let cases = ConformanceTests.groups.first { $0.0 == group }?.1 ?? []
    #expect(!cases.isEmpty)
    try await blocking {
      let port = try peer.port
      for exchange in cases { try ConformanceTests.hold(exchange, peer, port: port) }
    }
  }

  private static func hold(_ exchange: Exchange, _ peer: Peer, port: Int) throws {
    let wire = try Wire(port)
    wire.send(exchange.bytes(peer))
    let place = "\(exchange.name): \(exchange.sent.prefix(200))"
    guard let reply = try wire.reply(isHead: exchange.isHead) else {
      Issue.record("\(place): no response")
      return
    }
    let statuses = exchange.isPosted ? [peer.posted] : exchange.statuses
    #expect(statuses.contains(reply.status), "\(place): \(reply.head) \(reply.body)")
    #expect(reply.field("date")?.hasSuffix(" gmt") == true, "\(place): no date in \(reply.head)")
    if reply.status >= 400 { #expect(!reply.body.isEmpty, "\(place): an error without words") }
    #expect(reply.closes == exchange.closes, "\(place): \(reply.head)")
    if exchange.closes {
      #expect(try wire.rest() == "", "\(place): more than one response")
    } else {
      wire.send("GET /v2/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
      #expect(try wire.reply()?.status == 200, "\(place): the connection does not go on")
      #expect(try wire.rest() == "", "\(place): more than was asked")
    }
  }

  @Test("A request sent byte by byte is the same request", arguments: Peer.allCases)
  func bytewise(peer: Peer) async throws {
    try await blocking {
      let port = try peer.port
      for exchange in Exchange.chunks + Exchange.connections where exchange.sent.utf8.count < 300 {
        let wire = try Wire(port)
        for byte in exchange.bytes(peer).utf8 where !wire.send(String(decoding: [byte], as: UTF8.self)) { break }
        let status = try wire.reply()?.status ?? 0
        #expect((exchange.isPosted ? [peer.posted] : exchange.statuses).contains(status), "\(exchange.name): \(status)")
      }
    }
  }

  /// If the main thread ended, ps and top would show the process as `Z (zombie)`, and libdispatch would trap.
  @Test("The main thread lives as long as the program", arguments: Peer.allCases)
  func mainThread(peer: Peer) async throws {
    try await blocking {
      let process = try PeerProcess(peer)
      for _ in 0..<20 {
        let wire = try Wire(process.port)
        wire.send("GET /v2/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        #expect(try wire.reply()?.status == 200)
      }
      let status = try ChildProcess.run(["cat", "/proc/\(process.process.pid)/status"]).text
      let state = status.split(separator: "\n").first { $0.hasPrefix("State:") }
      #expect(state?.hasSuffix("S (sleeping)") == true, "\(state ?? "")")
    }
  }

  @Test("An HTTP/1.0 client that asks for keep-alive gets it confirmed", arguments: Peer.allCases)
  func old(peer: Peer) async throws {
    try await blocking {
      let wire = try Wire(try peer.port)
      wire.send("GET /v2/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      #expect(try wire.reply()?.field("connection") == "keep-alive")
    }
  }

  @Test("HEAD has the same head as GET, on every path", arguments: Peer.allCases)
  func heads(peer: Peer) async throws {
    try await blocking {
      for path in peer.readable {
        let wire = try Wire(try peer.port)
        wire.send(
          "HEAD \(path) HTTP/1.1\r\nHost: h\r\n\r\nGET \(path) HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        let head = try #require(try wire.reply(isHead: true))
        let get = try #require(try wire.reply())
        #expect(head.status == get.status && head.status != 405, "\(path)")
        #expect(head.field("content-type") == get.field("content-type"), "\(path)")
        // Documents that contain counters or tokens have a different length each time.
        if path != "/metrics", path != "/token", path != "/v2/models/stats" {
          #expect(head.field("content-length") == get.field("content-length"), "\(path)")
        }
        #expect(try wire.rest() == "", "\(path)")
      }
    }
  }

  @Test("OPTIONS and 405 list the methods of a path", arguments: Peer.allCases)
  func methods(peer: Peer) async throws {
    try await blocking {
      for path in peer.readable + [peer.writeOnly] {
        let reply = try #require(try ConformanceTests.ask(peer, "OPTIONS \(path)"))
        #expect([200, 204].contains(reply.status) && reply.field("allow")?.hasSuffix("options") == true, "\(path)")
      }
      for (method, path) in [
        ("POST", peer.readOnly), ("PUT", peer.readOnly), ("DELETE", peer.readOnly), ("PATCH", peer.readOnly),
        ("TRACE", peer.readOnly), ("GET", peer.writeOnly), ("HEAD", peer.writeOnly), ("DELETE", peer.writeOnly),
      ] {
        let reply = try #require(try ConformanceTests.ask(peer, "\(method) \(path)"))
        let allow = reply.field("allow")?.uppercased().split(separator: ", ").map(String.init) ?? []
        #expect(reply.status == 405 && !allow.isEmpty && !allow.contains(method), "\(method) \(path): \(reply.head)")
      }
    }
  }

  private static func ask(_ peer: Peer, _ line: String) throws -> Reply? {
    let wire = try Wire(try peer.port)
    wire.send("\(line) HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    return try wire.reply(isHead: line.hasPrefix("HEAD"))
  }

  @Test("A server without the capabilities of root, as in a container, answers", arguments: Peer.allCases)
  func unprivileged(peer: Peer) async throws {
    try await blocking {
      let server = try PeerProcess(peer, prefix: ["/usr/bin/setpriv", "--bounding-set=-all", "--inh-caps=-all"])
      let wire = try Wire(server.port)
      wire.send("GET /v2/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
      #expect(try wire.reply()?.status == 200, "\(server.errors)")
    }
  }

  @Test("Pipelined requests are answered in order", arguments: Peer.allCases)
  func pipelined(peer: Peer) async throws {
    try await blocking {
      let wire = try Wire(try peer.port)
      let get = "GET /v2/ HTTP/1.1\r\nHost: h\r\n\r\n"
      let post = "POST \(peer.post) HTTP/1.1\r\nHost: h\r\nContent-Length: \(peer.body.utf8.count)\r\n\r\n\(peer.body)"
      wire.send(get + post + "GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n" + post + get + "BAD\r\n\r\n" + get)
      var statuses: [Int] = []
      while let reply = try wire.reply() { statuses.append(reply.status) }
      #expect(statuses == [200, peer.posted, 404, peer.posted, 200, 400])
    }
  }

  @Test("A half-closed client gets its responses", arguments: Peer.allCases)
  func halfClosed(peer: Peer) async throws {
    try await blocking {
      let get = "GET /v2/ HTTP/1.1\r\nHost: h\r\n\r\n"
      let post = "POST \(peer.post) HTTP/1.1\r\nHost: h\r\nContent-Length: \(peer.body.utf8.count)\r\n\r\n\(peer.body)"
      for (sent, wanted) in [
        (get, [200]), (get + get, [200, 200]), (post, [peer.posted]), (String(post.dropLast()), [400]),
        (String(get.dropLast()), [400]), ("", []),
      ] {
        let wire = try Wire(try peer.port)
        wire.send(sent)
        wire.finishSending()
        var statuses: [Int] = []
        while let reply = try wire.reply() { statuses.append(reply.status) }
        #expect(statuses == wanted, "\(sent)")
      }
    }
  }

  @Test("Expect: 100-continue gets 100, or the final response", arguments: Peer.allCases)
  func expectations(peer: Peer) async throws {
    try await blocking {
      let wire = try Wire(try peer.port)
      let head =
        "POST \(peer.post) HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: \(peer.body.utf8.count)\r\n"
      wire.send(head + "\r\n")
      #expect(try wire.reply()?.status == 100)
      wire.send(peer.body)
      #expect(try wire.reply()?.status == peer.posted)
      let refused = try Wire(try peer.port)
      refused.send("POST /nothing HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
      let reply = try #require(try refused.reply())
      #expect(reply.status == 404 && reply.closes, "who was told no does not send its body")
      #expect(try refused.rest() == "")
      // HTTP/1.0 has no 100 response.
      let old = try Wire(try peer.port)
      old.send(head.replacing("HTTP/1.1", with: "HTTP/1.0") + "\r\n" + peer.body)
      #expect(try old.reply()?.status == peer.posted)
    }
  }

  @Test("ab completes, with and without keep-alive", arguments: Peer.allCases)
  func apacheBench(peer: Peer) async throws {
    try await blocking {
      let address = "http://127.0.0.1:\(try peer.port)/v2/"
      for flags in [[], ["-k"]] {
        let output = try ChildProcess.run(["ab", "-q", "-n", "200", "-c", "4"] + flags + [address])
        #expect(
          output.status == 0 && output.text.contains("Complete requests:      200"), "\(output.text)\(output.errorText)"
        )
        #expect(output.text.contains("Failed requests:        0"))
        #expect(output.text.contains("Keep-Alive requests:    200") == (flags == ["-k"]), "\(output.text)")
      }
    }
  }

  @Test("SIGTERM and SIGINT end it with exit code 0, even as process 1", arguments: Peer.allCases, [SIGTERM, SIGINT])
  func signals(peer: Peer, signal: Int32) async throws {
    try await blocking {
      for prefix in [[], getuid() == 0 ? ["unshare", "-pf"] : ["unshare", "-Urpf"]] {
        let running = try PeerProcess(peer, prefix: prefix)
        let idle = try Wire(running.port)
        idle.send("GET /v2/ HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(try idle.reply()?.status == 200)
        let pid = try prefix.isEmpty ? running.process.pid : ConformanceTests.child(of: running.process.pid)
        kill(pid, signal)
        #expect(try idle.reply() == nil)
        #expect(running.process.wait() == 0, "\(prefix) \(running.errors)")
      }
    }
  }

  private static func child(of pid: Int32) throws -> Int32 {
    let text = try ChildProcess.run(["cat", "/proc/\(pid)/task/\(pid)/children"]).text
    return try #require(Int32(text.split(separator: " ").first ?? ""))
  }

  @Test("SIGTERM closes the port, and the request in flight is still answered", arguments: Peer.allCases)
  func drains(peer: Peer) async throws {
    try await blocking {
      let running = try PeerProcess(peer)
      let wire = try Wire(running.port)
      wire.send(
        "POST \(peer.post) HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: \(peer.body.utf8.count)\r\n\r\n"
      )
      #expect(try wire.reply()?.status == 100)
      running.process.send(signal: SIGTERM)
      while (try? RawConnection(port: running.port)) != nil { usleep(1000) }
      wire.send(peer.body)
      let reply = try #require(try wire.reply())
      #expect(reply.status == peer.posted && reply.closes)
      #expect(try wire.rest() == "")
      #expect(running.process.wait() == 0)
    }
  }
}
