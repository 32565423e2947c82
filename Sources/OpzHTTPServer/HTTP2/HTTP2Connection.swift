import NIOCore
import NIOHTTP2

/// One client's HTTP/2 connection (RFC 9113): a stream for each request, and how it ends. Used on its event loop only.
final class HTTP2Connection: @unchecked Sendable {
  let context: ConnectionContext
  let executor: LoopExecutor
  private let channel: any Channel
  private var streams: [ObjectIdentifier: HTTP2Stream] = [:]
  private(set) var isStopping = false

  /// Adds the handlers of a connection whose preface has come.
  static func open(_ channel: any Channel, _ context: ConnectionContext) throws {
    let connection = HTTP2Connection(channel, context)
    let manager = NIOHTTP2ServerConnectionManagementHandler(
      eventLoop: channel.eventLoop,
      configuration: .init(
        maxIdleTime: .seconds(Int64(context.limits.idleSeconds)), maxAge: nil, maxGraceTime: nil,
        // A stream may wait for hours: only a ping tells whether its client still is there.
        keepalive: .init(pingInterval: .seconds(60), ackTimeout: .seconds(20))))
    let handler = NIOHTTP2Handler(
      mode: .server, eventLoop: channel.eventLoop, connectionConfiguration: configuration(context.limits),
      streamConfiguration: streamConfiguration(), streamDelegate: manager.http2StreamDelegate
    ) { child in
      child.eventLoop.makeCompletedFuture { try connection.open(child) }
    }
    try channel.pipeline.syncOperations.addHandlers([handler, manager, ErrorHandler()])
    // NIO would widen it when the first stream closes, which is an error of the protocol for it once goodbye is said.
    let wider = HTTP2Frame.FramePayload.windowUpdate(windowSizeIncrement: window - HTTP2Connection.firstWindow)
    channel.writeAndFlush(HTTP2Frame(streamID: .rootStream, payload: wider), promise: nil)
    context.deadline.onStop = { connection.channel.eventLoop.execute { connection.stop() } }
    // Without a request, the connection has the time of a head.
    if context.connections.isStopping { connection.stop() }
  }

  /// Limits on what costs the server more than the client.
  private static func configuration(_ limits: HTTPServerLimits) -> NIOHTTP2Handler.ConnectionConfiguration {
    var configuration = NIOHTTP2Handler.ConnectionConfiguration()
    configuration.initialSettings = [
      HTTP2Setting(parameter: .maxConcurrentStreams, value: limits.connectionStreams),
      HTTP2Setting(parameter: .maxHeaderListSize, value: limits.requestLineBytes),
      HTTP2Setting(parameter: .initialWindowSize, value: limits.streamWindowBytes),
    ]
    configuration.targetWindowSize = window
    configuration.maximumBufferedControlFrames = 1000
    // Go's and Java's clients of gRPC send a PING for each round trip to measure the line; one costs less than a request,
    // and answers that the client does not read are bounded by the buffered frames.
    configuration.controlFrameRateLimit.maximumCount = 1_000_000
    return configuration
  }

  /// Bytes that a client may send ahead in all streams of a connection.
  private static let window = 1 << 20
  /// What it may send before it is told (RFC 9113, section 6.9.2).
  private static let firstWindow = 65_535

  private static func streamConfiguration() -> NIOHTTP2Handler.StreamConfiguration {
    var configuration = NIOHTTP2Handler.StreamConfiguration()
    // Streams widen their windows themselves, within the memory that is reserved.
    configuration.targetWindowSize = 0
    // A client that cancels calls whose time is over resets some; rapid reset (CVE-2023-44487) thousands a second.
    configuration.streamResetFrameRateLimit.maximumCount = 1000
    return configuration
  }

  private init(_ channel: any Channel, _ context: ConnectionContext) {
    self.channel = channel
    self.context = context
    executor = LoopExecutor(channel.eventLoop)
  }

  private func open(_ child: any Channel) throws {
    guard context.connections.enterStream() else {
      child.eventLoop.execute {
        child.writeAndFlush(HTTP2Frame.FramePayload.rstStream(.refusedStream), promise: nil)
        child.close(promise: nil)
      }
      return
    }
    let stream = HTTP2Stream(child, self)
    streams[ObjectIdentifier(stream)] = stream
    // The stream's own times count now.
    context.deadline.allow(HTTP2Connection.year)
    try child.pipeline.syncOperations.addHandler(stream)
    child.closeFuture.whenComplete { [context] _ in
      context.connections.leaveStream()
      stream.narrow()
      self.close(stream)
    }
  }

  private static let year = 365 * 24 * 3600

  private func close(_ stream: HTTP2Stream) {
    streams[ObjectIdentifier(stream)] = nil
    guard streams.isEmpty else { return }
    // The manager closes an idle connection a moment before, and says goodbye.
    context.deadline.allow(context.limits.idleSeconds + 10)
    if isStopping { endSoon() }
  }

  /// Ends the connection after the last response, and streams that may never end now.
  private func stop() {
    guard !isStopping else { return }
    isStopping = true
    sayGoodbye()
    for stream in streams.values { stream.stop() }
    if streams.isEmpty { endSoon() }
  }

  /// Has the client send further requests elsewhere; those that it has sent are answered, and streams go on.
  func sayGoodbye() {
    guard !hasSaidGoodbye else { return }
    hasSaidGoodbye = true
    channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
  }

  private var hasSaidGoodbye = false

  /// Closes the connection of a client that does not answer to the goodbye.
  private func endSoon() {
    channel.eventLoop.scheduleTask(in: .seconds(Int64(context.limits.lingerSeconds))) {
      if self.streams.isEmpty { self.channel.close(promise: nil) }
    }
  }
}

/// Closes a connection on an error of the protocol, after the GOAWAY that names it.
private final class ErrorHandler: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // What is being written while the error comes is sent before.
    let channel = context.channel
    channel.eventLoop.execute { channel.close(promise: nil) }
  }
}
