internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import NIOHTTPTypes

/// Keeps one connection within its times: a client that sends its header or its body, or takes its answer, too slowly is cut
/// off ("slowloris"). It also answers `Expect: 100-continue`, and closes after an answer that says so.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  /// How long a client may go on sending after an answer that did not wait for its body; time to read that answer.
  private static let linger = TimeAmount.seconds(2)

  private let limits: ServerLimits
  private var deadline: Scheduled<Void>?
  private var isRequestWhole = true
  private var closesAfterAnswer = false

  init(_ limits: ServerLimits) { self.limits = limits }

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { allow(limits.headerSeconds, context) }
  }

  func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

  func channelActive(context: ChannelHandlerContext) {
    allow(limits.headerSeconds, context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    deadline?.cancel()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      isRequestWhole = false
      allow(limits.bodySeconds, context)
      if expectsContinue(head) {
        context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
      }
    case .body: break
    case .end:
      isRequestWhole = true
      deadline?.cancel()
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(let head):
      closesAfterAnswer = head.headerFields[.connection] == "close"
      if isRequestWhole { allow(limits.answerSeconds, context) }
      context.write(data, promise: promise)
    case .body:
      context.write(data, promise: promise)
    case .end:
      let written = promise ?? context.eventLoop.makePromise()
      let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      written.futureResult.whenSuccess {
        let (handler, context) = bound.value
        handler.answered(context)
      }
      context.write(data, promise: written)
    }
  }

  private func answered(_ context: ChannelHandlerContext) {
    if isRequestWhole { deadline?.cancel() }
    guard closesAfterAnswer, context.channel.isActive else { return }
    guard !isRequestWhole else { return context.close(promise: nil) }
    context.close(mode: .output, promise: nil)
    allow(ConnectionGuard.linger, context)
  }

  private func expectsContinue(_ head: HTTPRequest) -> Bool {
    guard let expect = HTTPField.Name("expect"), head.headerFields[expect]?.lowercased() == "100-continue" else {
      return false
    }
    return (head.headerFields[.contentLength].flatMap(Int.init) ?? 0) <= limits.bodyBytes
  }

  private func allow(_ seconds: Int, _ context: ChannelHandlerContext) { allow(.seconds(Int64(seconds)), context) }

  /// Closes the connection after this time, unless something happens before.
  private func allow(_ time: TimeAmount, _ context: ChannelHandlerContext) {
    deadline?.cancel()
    deadline = context.eventLoop.assumeIsolated().scheduleTask(in: time) { context.close(promise: nil) }
  }
}
