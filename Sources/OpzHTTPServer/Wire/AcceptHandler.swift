import NIOCore

/// Goes on accepting after a failure. Where the process has as many files as it may have, the next attempt would fail at once and for ever:
/// a pause lets connections end.
final class AcceptHandler: ChannelInboundHandler {
  typealias InboundIn = any Channel

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    let channel = context.channel
    _ = channel.setOption(.autoRead, value: false)
    channel.eventLoop.scheduleTask(in: .milliseconds(500)) { channel.setOption(.autoRead, value: true) }
  }
}
