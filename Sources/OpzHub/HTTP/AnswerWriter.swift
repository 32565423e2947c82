import NIOCore
import NIOPosix
import OpzIO

/// Puts an answer on the wire, byte by byte as its delivery says.
struct AnswerWriter {
  let output: NIOAsyncChannelOutboundWriter<ByteBuffer>
  let disk: NIOThreadPool

  private static let piece = 256 << 10

  /// - Parameter closes: the connection ends after it whatever the answer says.
  /// - Throws: `HangUp` where the connection ends before the answer does.
  func write(_ answer: Answer, to request: HubRequest, closes: Bool) async throws {
    let delivery = answer.delivery
    if let delay = delivery.delay { try await Task.sleep(for: delay) }
    if !delivery.before.isEmpty { try await output.write(ByteBuffer(bytes: delivery.before)) }
    if let raw = delivery.raw {
      try await output.write(ByteBuffer(bytes: raw))
      throw HangUp(resets: delivery.resets)
    }
    let head = head(answer, request, closes: closes)
    if let cut = delivery.headCut {
      try await output.write(ByteBuffer(bytes: head.prefix(cut)))
      throw HangUp(resets: delivery.resets)
    }
    try await send(head)
    if request.method != "HEAD", answer.mayHaveBody {
      try await body(answer)
    } else if delivery.cut != nil || delivery.pause?.isLast == true {
      if let pause = delivery.pause { try await Task.sleep(for: pause.duration) }
      throw HangUp(resets: delivery.resets)
    }
    if !delivery.after.isEmpty { try await output.write(ByteBuffer(bytes: delivery.after)) }
  }

  /// Piece by piece, so that a reader has its patience for each.
  private func send(_ bytes: [UInt8]) async throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      try await output.write(ByteBuffer(bytes: rest.prefix(AnswerWriter.piece)))
      rest = rest.dropFirst(AnswerWriter.piece)
    }
  }

  private func head(_ answer: Answer, _ request: HubRequest, closes: Bool) -> [UInt8] {
    var text = "HTTP/1.1 \(answer.status) \(answer.reason)\r\n"
    for (name, value) in answer.headers { text += "\(name): \(value)\r\n" }
    if answer.mayHaveBody {
      switch answer.delivery.framing {
      case .length:
        if answer["Content-Length"] == nil {
          text += "Content-Length: \(answer.delivery.announced ?? answer.body.count)\r\n"
        }
      case .chunked: text += "Transfer-Encoding: chunked\r\n"
      case .untilClose: break
      }
    }
    if closes { text += "Connection: close\r\n" }
    return Array((text + "\r\n").utf8)
  }

  private func body(_ answer: Answer) async throws {
    let delivery = answer.delivery
    let total = answer.body.count
    let end = min(total, delivery.cut ?? total)
    var halt = delivery.pause.map { min($0.at, end) }
    var offset: UInt64 = 0
    while true {
      if offset == halt, let pause = delivery.pause {
        halt = nil
        try await Task.sleep(for: pause.duration)
        if pause.isLast { throw HangUp(resets: delivery.resets) }
      }
      if offset == end { break }
      let count = min((halt ?? end) - offset, UInt64(delivery.drip?.bytes ?? AnswerWriter.piece))
      try await send(try await read(answer.body, offset, Int(count)), delivery)
      offset += count
      if let drip = delivery.drip { try await Task.sleep(for: drip.every) }
    }
    if delivery.cut != nil { throw HangUp(resets: delivery.resets) }
    if delivery.framing == .chunked { try await output.write(ByteBuffer(string: "0\r\n\r\n")) }
  }

  private func send(_ piece: ByteBuffer, _ delivery: Delivery) async throws {
    guard delivery.framing == .chunked else { return try await output.write(piece) }
    var chunk = ByteBuffer(string: String(piece.readableBytes, radix: 16) + "\r\n")
    chunk.writeImmutableBuffer(piece)
    // A chunked answer that is cut ends inside of a chunk.
    if delivery.cut == nil { chunk.writeString("\r\n") }
    try await output.write(chunk)
  }

  private func read(_ body: Answer.Body, _ offset: UInt64, _ count: Int) async throws -> ByteBuffer {
    switch body {
    case .bytes(let bytes):
      let start = min(Int(clamping: offset), bytes.count)
      return ByteBuffer(bytes: bytes[start..<min(start + count, bytes.count)])
    case .file(let path, let from, _):
      return try await disk.runIfActive {
        let file = try OpenFile.reading(path)
        var buffer = ByteBuffer()
        var filled = 0
        while filled < count {
          let read = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count - filled) {
            try file.read(
              at: from &+ offset &+ UInt64(filled),
              into: UnsafeMutableRawBufferPointer(rebasing: $0.prefix(count - filled)))
          }
          if read == 0 { throw IOFailure("the file became shorter while it was read", path: path) }
          filled += read
        }
        return buffer
      }
    }
  }
}
