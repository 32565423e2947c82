import NIOCore
import Synchronization

/// Finds out whether a caller that has ended its side of the connection still waits for its response: a socket that is
/// closed and one that has only finished sending look the same.
///
/// It is sent an interim response, which every client of HTTP/1.1 has to pass over (RFC 9110, section 15.2). A closed
/// socket answers with a reset, which closes the connection here too.
final class CallerWatch: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Most responses are made in less.
  private static let pause = TimeAmount.seconds(1)
  private static let interim = "HTTP/1.1 100 Continue\r\n\r\n"

  private let waiting = Atomic(false)

  /// Whether a request is being handled, and nothing of its response has been sent.
  var isWaiting: Bool {
    get { waiting.load(ordering: .relaxed) }
    set { waiting.store(newValue, ordering: .relaxed) }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed? = event as? ChannelEvent { ask(context.channel) }
    context.fireUserInboundEventTriggered(event)
  }

  private func ask(_ channel: any Channel) {
    let asking = channel.eventLoop.scheduleRepeatedTask(
      initialDelay: CallerWatch.pause, delay: CallerWatch.pause
    ) { _ in
      // Handling and sending are on this thread too, so a response has not begun.
      guard self.isWaiting else { return }
      channel.writeAndFlush(ByteBuffer(string: CallerWatch.interim), promise: nil)
    }
    channel.closeFuture.whenComplete { _ in asking.cancel() }
  }
}
