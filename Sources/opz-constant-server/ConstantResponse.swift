import NIOCore
import NIOHTTP1

/// Answers each request over HTTP/1.1 once it is whole.
final class ConstantResponse: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let body: ByteBuffer
  private let head: HTTPResponseHead

  init(_ body: ByteBuffer) {
    self.body = body
    head = HTTPResponseHead(
      version: .http1_1, status: .ok,
      headers: ["content-type": "application/json", "content-length": "\(body.readableBytes)"])
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .end = unwrapInboundIn(data) else { return }
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }
}
