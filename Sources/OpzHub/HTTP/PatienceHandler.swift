import NIOCore
import NIOHTTP1

/// Ends a connection whose client sends its next piece, or takes the next piece of an answer, too late ("slowloris").
final class PatienceHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let limits: HubLimits
  private var deadline: Scheduled<Void>?

  init(_ limits: HubLimits) { self.limits = limits }

  func channelActive(context: ChannelHandlerContext) {
    allow(limits.patienceSeconds, context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    deadline?.cancel()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .end = unwrapInboundIn(data) {
      // It is our turn now.
      allow(limits.workSeconds, context)
    } else {
      allow(limits.patienceSeconds, context)
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    allow(limits.patienceSeconds, context)
    context.write(data, promise: promise)
  }

  private func allow(_ seconds: Int64, _ context: ChannelHandlerContext) {
    deadline?.cancel()
    deadline = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(seconds)) { context.close(promise: nil) }
  }
}
