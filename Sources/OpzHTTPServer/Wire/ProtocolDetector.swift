import NIOCore

/// Tells by a connection's first bytes whether it speaks HTTP/2 by prior knowledge (RFC 9113, section 3.3), sets up the
/// handlers for what it speaks, passes the bytes on and leaves.
final class ProtocolDetector: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  enum Version {
    case http1, http2
  }

  /// What every HTTP/2 client sends first (RFC 9113, section 3.4).
  private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

  private let open: (Version) throws -> Void
  private var buffer = ByteBuffer()
  private var isOpen = false

  /// - Parameter open: adds the handlers, on the connection's event loop.
  init(_ open: @escaping (Version) throws -> Void) { self.open = open }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isOpen else { return context.fireChannelRead(data) }
    var piece = unwrapInboundIn(data)
    if buffer.readableBytes == 0 { buffer = piece } else { buffer.writeBuffer(&piece) }
    let bytes = buffer.readableBytesView
    guard bytes.elementsEqual(ProtocolDetector.preface.prefix(bytes.count)) || bytes.count > 24 else {
      return begin(.http1, context)
    }
    guard bytes.count >= 24 else { return }
    begin(bytes.starts(with: ProtocolDetector.preface) ? .http2 : .http1, context)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    // A client that has sent half a preface and no more speaks, if anything, HTTP/1.1.
    let isEnd = if let event = event as? ChannelEvent { event == .inputClosed } else { false }
    guard !isOpen, isEnd else { return context.fireUserInboundEventTriggered(event) }
    begin(.http1, context) { context.fireUserInboundEventTriggered(event) }
  }

  /// - Parameter then: what else is passed on before the detector leaves the pipeline.
  private func begin(_ version: Version, _ context: ChannelHandlerContext, then: () -> Void = {}) {
    isOpen = true
    do {
      try open(version)
    } catch {
      return context.close(promise: nil)
    }
    if buffer.readableBytes > 0 {
      context.fireChannelRead(wrapInboundOut(buffer))
      buffer = ByteBuffer()
      context.fireChannelReadComplete()
    }
    then()
    context.pipeline.syncOperations.removeHandler(self, promise: nil)
  }

  typealias InboundOut = ByteBuffer
}
