import NIOCore
import NIOHPACK
import OpzIO
import OpzTestKit
import Synchronization
import Testing

@testable import OpzHTTPServer

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Bodies of requests over HTTP/2: their time, and how much of them is held.
@Suite("HTTP/2 bodies")
struct StreamTests {
  private static func post(_ fields: [(String, String)] = [], stream: UInt32 = 1) -> HTTP2Bytes {
    HTTP2Bytes.request("POST", "/", more: fields, stream: stream, ends: false)
  }

  @Test("A request whose body does not come in time is reset, and its place is free")
  func late() async throws {
    var limits = HTTPServerLimits()
    (limits.bodySeconds, limits.streams) = (1, 1)
    try await ClosureService.counting().run(limits) { port in
      let wire = try HTTP2Wire(port)
      wire.send([StreamTests.post(), HTTP2Bytes(.data, stream: 1, [1])])
      #expect(try wire.outcome(1) == .reset(8))
      var outcome = HTTP2Wire.Outcome.reset(7)
      // The place is free a moment after the reset is sent.
      while outcome == .reset(7) {
        let other = try HTTP2Wire(port)
        other.send([StreamTests.post(), HTTP2Bytes(.data, flags: HTTP2Bytes.endStream, stream: 1, [1])])
        outcome = try other.outcome(1)
      }
      #expect(outcome == .answered("200"))
    }
  }

  @Test("The time of a message in a stream counts from its first byte")
  func messages() async throws {
    var limits = HTTPServerLimits()
    limits.bodySeconds = 3
    let hasBegun = Atomic(false)
    let service = ClosureService { _, body in
      body.isOptional = true
      var count = try await body.next()?.readableBytes ?? 0
      body.isOptional = false
      hasBegun.store(true, ordering: .sequentiallyConsistent)
      while let piece = try await body.next() { count += piece.readableBytes }
      return Response(200, body: .bytes(Array("\(count)".utf8)))
    }
    try await service.run(limits) { port in
      let wire = try HTTP2Wire(port)
      wire.send([StreamTests.post()])
      sleep(seconds: 4)
      wire.send([HTTP2Bytes(.data, stream: 1, [1])])
      while !hasBegun.load(ordering: .sequentiallyConsistent) { sleep(seconds: 0.001) }
      wire.send([HTTP2Bytes(.data, flags: HTTP2Bytes.endStream, stream: 1, [2])])
      #expect(try wire.response(1)?.body == Array("2".utf8))
    }
  }

  /// Sends a body as the windows of the stream and of the connection let it.
  private static func send(_ count: Int, to port: Int, _ fields: [(String, String)]) throws -> [UInt8]? {
    let wire = try HTTP2Wire(port)
    var (stream, connection, left) = (0, 65_535, count)
    // The window of each stream is the server's first word.
    while let frame = try wire.next() {
      guard frame.kind == .settings, frame.flags == 0 else { continue }
      for start in Swift.stride(from: 0, to: frame.payload.count, by: 6) where frame.payload[start + 1] == 4 {
        stream = frame.payload[start + 2..<start + 6].reduce(0) { $0 << 8 | Int($1) }
      }
      break
    }
    #expect(stream == 8 << 10)
    wire.send([post(fields)])
    while left > 0 {
      let size = min(left, stream, connection, 16 << 10)
      if size > 0 {
        left -= size
        (stream, connection) = (stream - size, connection - size)
        let flags = left == 0 ? HTTP2Bytes.endStream : 0
        wire.send([HTTP2Bytes(.data, flags: flags, stream: 1, [UInt8](repeating: 7, count: size))])
        continue
      }
      guard let frame = try wire.next() else { return nil }
      guard frame.kind == .windowUpdate else { continue }
      let more = frame.payload.reduce(0) { $0 << 8 | Int($1) }
      if frame.stream == 1 { stream += more } else { connection += more }
      #expect(stream <= 256 << 10)
    }
    return try wire.response(1)?.body
  }

  @Test("A large body arrives whole, with and without memory for a wide window", arguments: [.max, 0], [true, false])
  func large(windows: Int, isAnnounced: Bool) async throws {
    let service = ClosureService.counting(windows: windows)
    let count = 3 << 20
    try await service.run(HTTPServerLimits()) { port in
      let fields = isAnnounced ? [("content-length", "\(count)")] : []
      let answer = try StreamTests.send(count, to: port, fields)
      #expect(answer == Array("\(count)".utf8))
    }
    #expect(service.reserved.now == 0)
    #expect((service.reserved.most > 0) == (windows > 0))
  }

  @Test("Wide windows have a limit of their own, and a small body needs none")
  func limit() async throws {
    var limits = HTTPServerLimits()
    limits.wideWindowsBytes = 0
    let service = ClosureService.counting()
    try await service.run(limits) { port in
      for count in [1 << 20, 1000] {
        let answer = try StreamTests.send(count, to: port, [])
        #expect(answer == Array("\(count)".utf8))
      }
    }
    #expect(service.reserved.most == 0)
  }

  @Test("A client that sends more than it was allowed is reset where there is no memory for that")
  func overrun() async throws {
    let isOver = Atomic(false)
    let service = ClosureService(windows: 0) { _, body in
      // What has come is not read.
      while !isOver.load(ordering: .sequentiallyConsistent) { try await Task.sleep(for: .milliseconds(1)) }
      return Response(200)
    }
    try await service.run(HTTPServerLimits()) { port in
      // It does not acknowledge the server's settings, so that the window is HTTP/2's own.
      let wire = try HTTP2Wire(port)
      let piece = HTTP2Bytes(.data, stream: 1, [UInt8](repeating: 7, count: 8 << 10))
      wire.send([StreamTests.post(), piece, piece])
      #expect(try wire.outcome(1) == .reset(8))
      isOver.store(true, ordering: .sequentiallyConsistent)
    }
  }

  @Test("What a client is allowed and what is unread never exceed the window", arguments: 0..<20 as Range<UInt64>)
  func window(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var window = StreamWindow(1000)
    var (allowed, unread) = (1000, 0)
    for _ in 0..<1000 {
      let count = Int.random(in: 0...max(0, allowed), using: &random)
      let padding = Int.random(in: 0...(allowed - count), using: &random)
      window.receive(count, padding: padding)
      (allowed, unread) = (allowed - count - padding, unread + count)
      let read = Int.random(in: 0...unread, using: &random)
      window.free(read)
      unread -= read
      if Int.random(in: 0..<100, using: &random) == 0 { window.resize(to: window.size + 1000) }
      allowed += window.increment() ?? 0
      #expect(window.holds && allowed + unread <= window.size)
    }
    // It never stays closed.
    window.free(unread)
    allowed += window.increment() ?? 0
    #expect(allowed > window.size / 2)
  }

  @Test(
    "A Content-Length that is no number is none over HTTP/2 either", arguments: ["+5", "-1", "5,5", "", "0x5", "٥"])
  func lengths(text: String) {
    let head = HPACKHeaders([(":method", "POST"), (":path", "/"), ("content-length", text)])
    let problem = #expect(throws: RequestProblem.self) {
      try HTTP2Head.request(head, isEnd: false, HTTPServerLimits())
    }
    #expect(problem?.status == 400)
  }

  @Test("A buffer that is read and appended to stays small")
  func append() {
    var buffer = ByteBuffer()
    for _ in 0..<10_000 {
      var piece = ByteBuffer(repeating: 1, count: 1000)
      buffer.append(&piece)
      #expect(buffer.readBytes(length: buffer.readableBytes - 3) != nil)
    }
    #expect(buffer.readableBytes == 3 && buffer.storageCapacity < 10_000)
  }
}

/// Blocks the calling thread.
private func sleep(seconds: Double) { usleep(UInt32(seconds * 1e6)) }
