import NIOCore
import NIOHTTP1

/// The requests of one connection, one after the other, each with its body. Used by the connection's task alone.
final class RequestParts: RequestBody {
  private var parts: NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator
  private let output: NIOAsyncChannelOutboundWriter<ByteBuffer>
  /// The client waits to be told to send its body (RFC 9110, section 10.1.1).
  private(set) var isAwaited = false
  /// All of the body of the present request was pulled.
  private(set) var isWhole = true

  init(
    _ parts: NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator,
    _ output: NIOAsyncChannelOutboundWriter<ByteBuffer>
  ) {
    self.parts = parts
    self.output = output
  }

  /// The head of the next request; nil at the end of the connection.
  func nextHead() async throws -> HubRequest? {
    while let part = try await parts.next() {
      guard case .head(let head) = part else { continue }
      isWhole = false
      isAwaited = head.headers.first(name: "expect")?.lowercased() == "100-continue"
      return HubRequest(head)
    }
    return nil
  }

  func next() async throws -> ByteBuffer? {
    if isWhole { return nil }
    do {
      if isAwaited {
        isAwaited = false
        try await output.write(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n"))
      }
      switch try await parts.next() {
      case .body(let piece)?: return piece
      case .end?:
        isWhole = true
        return nil
      case .head?, nil: throw HangUp()
      }
    } catch {
      throw HangUp()
    }
  }

  /// Reads what nobody wants, so that the client sees the answer that was sent before it had sent all.
  func discard(limit: Int) async {
    var left = limit
    while left > 0, let piece = try? await next() { left -= piece.readableBytes }
  }
}
