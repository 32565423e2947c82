import OpzHTTPServer

extension Fault {
  /// Faults of the connection: cuts, resets, stalls, delays.
  static let connection: [Fault] = [
    Fault("cut", "the connection ends", .during, .wire(.cut)),
    Fault("reset", "the connection is reset (RST)", .during, .wire(.reset)),
    Fault("stall", "nothing happens for `seconds` (30), then the connection ends", .during, .wire(.stall)),
    Fault("delay", "nothing happens for `seconds` (2), then all goes on", .before, .wire(.delay)),
    Fault("drip", "bytes come and are taken slowly: some, then `seconds` (0.05) of nothing", .during, .wire(.drip)),
    Fault("lost-answer", "the work is done, and the connection ends before the answer", .after, .wire(.cut)),
    Fault(
      "half-head", "the connection ends in the middle of the answer's headers", .after,
      .change { answer, _, _ in
        answer.delivery.headCut = 30
      }),
    Fault(
      "chunked-cut", "a chunked answer ends in the middle of a chunk", .after,
      .change { answer, _, rule in
        answer.fill()
        answer.delivery.framing = .chunked
        answer.delivery.cut = rule.at ?? answer.body.count / 2
      }),
    Fault(
      "until-close", "the answer has no length: the end of the connection is its end", .after,
      .change { answer, _, _ in
        answer.delivery.framing = .untilClose
      }),
    Fault(
      "garbage", "the answer is no HTTP", .after,
      .change { answer, _, _ in
        answer.delivery.raw = Array("SSH-2.0-OpenSSH_9.2\r\n".utf8) + [0, 255, 13, 10]
      }),
    Fault(
      "continue-flood", "1,000 times 100 Continue before the answer", .after,
      .change { answer, _, _ in
        answer.delivery.before = Array(String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 1000).utf8)
      }),
    Fault(
      "extra-bytes", "bytes after the answer that belong to nothing", .after,
      .change { answer, _, _ in
        answer.delivery.after = Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong".utf8)
      }),
  ]
}

extension Answer {
  /// Adds a body to a response without one, for faults that need a body.
  mutating func fill() {
    if !mayHaveBody { status = 200 }
    if body.count == 0 { body = .bytes(Array("{}  {}  {}  {}".utf8)) }
  }
}
