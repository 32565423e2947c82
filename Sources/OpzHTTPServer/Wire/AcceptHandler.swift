import NIOCore

/// Keeps accepting after a failure. When the process has no descriptors left, every further attempt would fail at
/// once: a pause lets connections end.
final class AcceptHandler: ChannelInboundHandler {
  typealias InboundIn = any Channel

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    let channel = context.channel
    _ = channel.setOption(.autoRead, value: false)
    channel.eventLoop.scheduleTask(in: .milliseconds(500)) { channel.setOption(.autoRead, value: true) }
  }
}
