import NIOCore

/// Reads the requests of one connection in order, each with its body. Used only by the connection's task; bytes are
/// read from the client on demand, so nothing is read ahead of what is handled.
final class RequestReader: RequestBody {
  private enum Body {
    case end
    case left(UInt64)
    case chunks(ChunkDecoder)
    /// The client closed the connection, or its body is malformed.
    case broken
  }

  private var input: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
  private let output: NIOAsyncChannelOutboundWriter<ByteBuffer>
  private let limits: HTTPServerLimits
  private let deadline: ConnectionDeadline
  private var buffer = ByteBuffer()
  private var body = Body.end
  private var bodyEnd: ContinuousClock.Instant?
  /// The client waits for 100 Continue before it sends its body (RFC 9110, section 10.1.1).
  private(set) var isAwaited = false
  /// The connection closed in the middle of a request.
  private(set) var isCutShort = false

  init(
    _ input: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
    _ output: NIOAsyncChannelOutboundWriter<ByteBuffer>, limits: HTTPServerLimits, deadline: ConnectionDeadline
  ) {
    self.input = input
    self.output = output
    self.limits = limits
    self.deadline = deadline
  }

  /// The whole body of the current request was pulled.
  var isWhole: Bool { if case .end = body { true } else { false } }

  /// The rest of the body is small enough to be read to keep the connection.
  var isNearlyWhole: Bool {
    switch body {
    case .end: true
    case .left(let count): count <= 64 << 10 && !isAwaited
    case .chunks, .broken: false
    }
  }

  /// Bytes have arrived after the last handled request.
  var hasMore: Bool { buffer.readableBytes > 0 }

  /// The head of the next request; nil when the connection has closed.
  func nextHead() async throws -> Request? {
    var scanner = HeadScanner(limits)
    while true {
      if let end = try buffer.withUnsafeReadableBytes({ try scanner.end(in: $0) }) {
        return try begin(scanner.start, end)
      }
      // A close between requests is orderly.
      let isIdle = buffer.readableBytes == scanner.start
      if isIdle, !deadline.idle() { return nil }
      guard var piece = try await input.next() else {
        isCutShort = !isIdle
        if isIdle { return nil }
        throw RequestProblem(400, "the connection ended in the middle of a request head")
      }
      if isIdle { deadline.allow(limits.headSeconds) }
      take(&piece)
    }
  }

  private func begin(_ start: Int, _ end: Int) throws -> Request {
    let request = try buffer.withUnsafeReadableBytes {
      try HeadParser(limits: limits).request(UnsafeRawBufferPointer(rebasing: $0[start..<end]))
    }
    buffer.moveReaderIndex(forwardBy: end)
    switch request.framing {
    case .none: body = .end
    case .length(let count): body = .left(count)
    case .chunked: body = .chunks(ChunkDecoder(limits))
    }
    bodyEnd = request.hasBody ? limits.bodySeconds.map { .now + .seconds($0) } : nil
    isAwaited = request.expectsContinue
    deadline.allow(limits.workSeconds)
    return request
  }

  func next() async throws -> ByteBuffer? {
    while true {
      switch body {
      case .end: return nil
      case .broken: throw ConnectionClosed()
      case .left(let count):
        if let piece = buffer.readSlice(length: Int(min(count, UInt64(buffer.readableBytes)))), piece.readableBytes > 0
        {
          body = count == UInt64(piece.readableBytes) ? .end : .left(count - UInt64(piece.readableBytes))
          return piece
        }
      case .chunks(var decoder):
        do {
          let piece = try decoder.next(&buffer)
          body = decoder.isAtEnd ? .end : .chunks(decoder)
          if piece != nil || decoder.isAtEnd { return piece }
        } catch {
          body = .broken
          throw error
        }
      }
      try await more()
    }
  }

  /// Waits for more bytes of the body.
  private func more() async throws {
    do {
      if isAwaited {
        isAwaited = false
        deadline.allow(limits.answerSeconds)
        try await output.write(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n"))
      }
      deadline.allow(limits.pieceSeconds, until: bodyEnd)
      if var piece = try await input.next() {
        deadline.allow(limits.workSeconds)
        return take(&piece)
      }
    } catch {}
    body = .broken
    isCutShort = true
    throw ConnectionClosed()
  }

  private func take(_ piece: inout ByteBuffer) { buffer.append(&piece) }

  /// Reads the rest of an unwanted body.
  func finish() async throws {
    while try await next() != nil {}
  }

  /// Reads and drops further bytes, within limits, so that a client that is still sending sees the response.
  func discard() async {
    deadline.allow(limits.lingerSeconds)
    buffer = ByteBuffer()
    var left = limits.unwantedBytes
    while left > 0, let piece = try? await input.next() { left -= piece.readableBytes }
  }
}
