import NIOCore
import OpzIO

/// Writes a response as its delivery says.
struct ResponseWriter {
  let output: NIOAsyncChannelOutboundWriter<ByteBuffer>
  let limits: HTTPServerLimits
  let deadline: ConnectionDeadline

  private static let piece = 256 << 10

  /// - Parameter closes: the connection closes after the response, whatever the response says.
  /// - Throws: `ConnectionClosed` when the connection ends before the response does.
  func write(_ response: Response, isHead: Bool, isHTTP10: Bool, closes: Bool) async throws {
    let delivery = response.delivery
    if let delay = delivery.delay { try await sleep(delay) }
    if !delivery.before.isEmpty { try await put(ByteBuffer(bytes: delivery.before)) }
    if let raw = delivery.raw {
      try await put(ByteBuffer(bytes: raw))
      throw ConnectionClosed(resets: delivery.resets)
    }
    var head = ResponseWriter.head(response, isHTTP10: isHTTP10, closes: closes)
    if let cut = delivery.headCut {
      try await put(head.readSlice(length: min(cut, head.readableBytes)) ?? ByteBuffer())
      throw ConnectionClosed(resets: delivery.resets)
    }
    let hasBody = !isHead && response.mayHaveBody
    if hasBody, delivery.isOrdinary, case .bytes(let bytes) = response.body, bytes.count <= ResponseWriter.piece {
      head.writeBytes(bytes)
      return try await put(head)
    }
    try await send(head)
    if hasBody {
      try await body(response)
    } else if delivery.cut != nil || delivery.pause?.isLast == true {
      if let pause = delivery.pause { try await sleep(pause.duration) }
      throw ConnectionClosed(resets: delivery.resets)
    }
    if !delivery.after.isEmpty { try await put(ByteBuffer(bytes: delivery.after)) }
  }

  /// Writes a piece; the client's timeout starts anew for each.
  private func put(_ piece: ByteBuffer) async throws {
    deadline.allow(limits.answerSeconds)
    try await output.write(piece)
  }

  private func send(_ bytes: ByteBuffer) async throws {
    var rest = bytes
    while let piece = rest.readSlice(length: min(rest.readableBytes, ResponseWriter.piece)), piece.readableBytes > 0 {
      try await put(piece)
    }
  }

  /// Sleeps without counting the time against the client.
  private func sleep(_ time: Duration) async throws {
    deadline.allow(Int(clamping: time.components.seconds) + limits.answerSeconds)
    try await Task.sleep(for: time)
  }

  private static func head(_ response: Response, isHTTP10: Bool, closes: Bool) -> ByteBuffer {
    var text = ByteBuffer()
    text.reserveCapacity(512)
    text.writeString("HTTP/1.1 \(response.status) \(response.reason)\r\n")
    for (name, value) in response.headers {
      text.writeString(name)
      text.writeStaticString(": ")
      text.writeString(value)
      text.writeStaticString("\r\n")
    }
    if response.mayHaveBody {
      switch response.delivery.framing {
      case .length:
        if response["Content-Length"] == nil {
          text.writeString("Content-Length: \(response.delivery.announced ?? response.body.count)\r\n")
        }
      case .chunked: text.writeStaticString("Transfer-Encoding: chunked\r\n")
      case .untilClose: break
      }
    }
    if response["Date"] == nil { text.writeString("Date: \(HTTPDate.now())\r\n") }
    if closes {
      text.writeStaticString("Connection: close\r\n")
    } else if isHTTP10 {
      text.writeStaticString("Connection: keep-alive\r\n")
    }
    text.writeStaticString("\r\n")
    return text
  }

  private func body(_ response: Response) async throws {
    let delivery = response.delivery
    let total = response.body.count
    let end = min(total, delivery.cut ?? total)
    var halt = delivery.pause.map { min($0.at, end) }
    var offset: UInt64 = 0
    while true {
      if offset == halt, let pause = delivery.pause {
        halt = nil
        try await sleep(pause.duration)
        if pause.isLast { throw ConnectionClosed(resets: delivery.resets) }
      }
      if offset == end { break }
      let count = min((halt ?? end) - offset, UInt64(delivery.drip?.bytes ?? ResponseWriter.piece))
      deadline.allow(limits.workSeconds)
      try await put(try await read(response.body, offset, count: Int(count)), delivery)
      offset += count
      if let drip = delivery.drip { try await sleep(drip.every) }
    }
    if delivery.cut != nil { throw ConnectionClosed(resets: delivery.resets) }
    if delivery.framing == .chunked { try await put(ByteBuffer(string: "0\r\n\r\n")) }
  }

  private func put(_ piece: ByteBuffer, _ delivery: Delivery) async throws {
    guard delivery.framing == .chunked else { return try await put(piece) }
    var chunk = ByteBuffer(string: String(piece.readableBytes, radix: 16) + "\r\n")
    chunk.writeImmutableBuffer(piece)
    // A chunked response that is cut ends inside a chunk.
    if delivery.cut == nil { chunk.writeString("\r\n") }
    try await put(chunk)
  }

  private func read(_ body: Response.Body, _ offset: UInt64, count: Int) async throws -> ByteBuffer {
    switch body {
    case .bytes(let bytes):
      let start = min(Int(clamping: offset), bytes.count)
      return ByteBuffer(bytes: bytes[start..<min(start + count, bytes.count)])
    case .file(let path, let from, _):
      return try await FilePiece.read(path, at: from &+ offset, count: count)
    }
  }
}
