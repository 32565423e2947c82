import NIOCore
import NIOHPACK
import NIOHTTP2

/// Answers each call of gRPC over HTTP/2 once its message is whole.
final class ConstantCall: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame.FramePayload
  typealias OutboundOut = HTTP2Frame.FramePayload

  private static let head: HPACKHeaders = [":status": "200", "content-type": "application/grpc"]
  private static let end: HPACKHeaders = ["grpc-status": "0"]

  private let message: ByteBuffer

  private init(_ message: ByteBuffer) { self.message = message }

  /// Adds the handlers of a connection.
  static func open(_ channel: any Channel, message: ByteBuffer) throws {
    var framed = ByteBuffer(bytes: [0])
    framed.writeInteger(UInt32(message.readableBytes))
    framed.writeImmutableBuffer(message)
    let handler = NIOHTTP2Handler(
      mode: .server, eventLoop: channel.eventLoop, connectionConfiguration: .init(), streamConfiguration: .init()
    ) { [framed] child in
      child.eventLoop.makeCompletedFuture { try child.pipeline.syncOperations.addHandler(ConstantCall(framed)) }
    }
    try channel.pipeline.syncOperations.addHandler(handler)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .data(let data) = unwrapInboundIn(data), data.endStream else { return }
    context.write(wrapOutboundOut(.headers(.init(headers: ConstantCall.head))), promise: nil)
    context.write(wrapOutboundOut(.data(.init(data: .byteBuffer(message)))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.headers(.init(headers: ConstantCall.end, endStream: true))), promise: nil)
  }
}
