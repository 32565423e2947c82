import OpzHTTPServer

extension Fault {
  /// Faults of the connection: cuts, resets, stalls, delays.
  static let connection: [Fault] = [
    Fault("cut", "the connection ends", stage: .during, effect: .wire(.cut)),
    Fault("reset", "the connection is reset (RST)", stage: .during, effect: .wire(.reset)),
    Fault(
      "stall", "nothing is sent for `seconds` (30), then the connection ends", stage: .during, effect: .wire(.stall)),
    Fault(
      "delay", "nothing is sent for `seconds` (2), then the request continues", stage: .before, effect: .wire(.delay)),
    Fault(
      "drip", "bytes are sent and read slowly: some, then none for `seconds` (0.05)", stage: .during,
      effect: .wire(.drip)),
    Fault(
      "lost-answer", "the work is done, and the connection ends before the response", stage: .after, effect: .wire(.cut)
    ),
    Fault(
      "half-head", "the connection ends in the middle of the response's headers", stage: .after,
      effect: .change { response, _, _ in
        response.delivery.headCut = 30
      }),
    Fault(
      "chunked-cut", "a chunked response ends in the middle of a chunk", stage: .after,
      effect: .change { response, _, rule in
        response.fill()
        response.delivery.framing = .chunked
        response.delivery.cut = rule.at ?? response.body.count / 2
      }),
    Fault(
      "until-close", "the response has no length: it ends with the connection", stage: .after,
      effect: .change { response, _, _ in
        response.delivery.framing = .untilClose
      }),
    Fault(
      "garbage", "the response is not HTTP", stage: .after,
      effect: .change { response, _, _ in
        response.delivery.raw = Array("SSH-2.0-OpenSSH_9.2\r\n".utf8) + [0, 255, 13, 10]
      }),
    Fault(
      "continue-flood", "100 Continue is sent 1,000 times before the response", stage: .after,
      effect: .change { response, _, _ in
        response.delivery.before = Array(String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 1000).utf8)
      }),
    Fault(
      "extra-bytes", "stray bytes follow the response", stage: .after,
      effect: .change { response, _, _ in
        response.delivery.after = Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong".utf8)
      }),
  ]
}

extension Response {
  /// Adds a body to a response without one, for faults that need a body.
  mutating func fill() {
    if !mayHaveBody { status = 200 }
    if body.count == 0 { body = .bytes(Array("{}  {}  {}  {}".utf8)) }
  }
}
