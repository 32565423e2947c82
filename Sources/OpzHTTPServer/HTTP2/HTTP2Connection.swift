import NIOCore
import NIOHTTP2

/// One client's HTTP/2 connection (RFC 9113): a stream for each request, and how it ends. Used on its event loop only.
///
/// Streams are told from its frames here, without NIO's channel for each, which costs as much as a small request. What a
/// read brings is handled when all of it is there, and what is answered by then leaves in one write.
final class HTTP2Connection: ChannelInboundHandler, @unchecked Sendable {
  typealias InboundIn = HTTP2Frame
  typealias OutboundOut = HTTP2Frame

  let shared: ConnectionContext
  let executor: LoopExecutor
  let channel: any Channel
  private var handler: ChannelHandlerContext?
  private var streams: [HTTP2StreamID: HTTP2Stream] = [:]
  /// Streams that this read has begun or brought something.
  private var touched: [HTTP2Stream] = []
  private var isReading = false
  private var hasWritten = false
  private var isFlushing = false
  /// Streams whose last frame waits for a flush.
  private var finished: [HTTP2Stream] = []
  private var goodbye = HTTP2Goodbye()
  private var watch: HTTP2Watch
  private(set) var isStopping = false

  /// Adds the handlers of a connection whose preface has come.
  static func open(_ channel: any Channel, _ shared: ConnectionContext) throws {
    let connection = HTTP2Connection(channel, shared)
    let frames = NIOHTTP2Handler(
      mode: .server, connectionConfiguration: configuration(shared.limits), streamConfiguration: streamConfiguration())
    try channel.pipeline.syncOperations.addHandlers([frames, connection])
    connection.write(.windowUpdate(windowSizeIncrement: window - HTTP2Connection.firstWindow))
    connection.flushSoon()
    connection.look()
    // The pipeline has the connection; what its end tells must not keep it.
    shared.deadline.onStop = { [weak connection, loop = channel.eventLoop] in loop.execute { connection?.stop() } }
    // Without a request, the connection has the time of a head.
    if shared.connections.isStopping { connection.stop() }
  }

  /// Limits on what costs the server more than the client.
  private static func configuration(_ limits: HTTPServerLimits) -> NIOHTTP2Handler.ConnectionConfiguration {
    var configuration = NIOHTTP2Handler.ConnectionConfiguration()
    configuration.initialSettings = [
      HTTP2Setting(parameter: .maxConcurrentStreams, value: limits.connectionStreams),
      HTTP2Setting(parameter: .maxHeaderListSize, value: limits.requestLineBytes),
      HTTP2Setting(parameter: .initialWindowSize, value: limits.streamWindowBytes),
    ]
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
    // A client that cancels calls whose time is over resets some; rapid reset (CVE-2023-44487) thousands a second.
    configuration.streamResetFrameRateLimit.maximumCount = 1000
    return configuration
  }

  private init(_ channel: any Channel, _ shared: ConnectionContext) {
    self.channel = channel
    self.shared = shared
    executor = LoopExecutor(channel.eventLoop)
    watch = HTTP2Watch(idleSeconds: shared.limits.idleSeconds)
  }

  func handlerAdded(context: ChannelHandlerContext) { handler = context }

  func handlerRemoved(context: ChannelHandlerContext) { handler = nil }

  // MARK: What comes

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    isReading = true
    let frame = unwrapInboundIn(data)
    switch frame.payload {
    case .headers(let headers):
      guard let stream = streams[frame.streamID] else { return open(frame.streamID, headers) }
      // Trailers.
      stream.takeEnd()
      touched.append(stream)
    case .data(let data):
      guard let stream = streams[frame.streamID] else { return }
      stream.take(data)
      touched.append(stream)
    case .ping(let data, ack: true): takeAnswer(to: data)
    // Of the others, what matters comes as an event.
    default: break
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    watch.lastRead = .now()
    // Handling a stream may end others, and nothing more comes within this call.
    let touched = touched
    self.touched.removeAll(keepingCapacity: true)
    for stream in touched { stream.handle() }
    isReading = false
    if hasWritten { flush() }
    context.fireChannelReadComplete()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case let event as StreamClosedEvent: close(event.streamID)
    case let event as NIOHTTP2WindowUpdatedEvent:
      // The window of all streams together is wide again at once: each has its own.
      if event.streamID == .rootStream, let size = event.inboundWindowSize, size <= HTTP2Connection.window / 2 {
        write(.windowUpdate(windowSizeIncrement: HTTP2Connection.window - size))
        flushSoon()
      }
    default: context.fireUserInboundEventTriggered(event)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    for id in Array(streams.keys) { close(id) }
    watch.timer?.cancel()
    context.fireChannelInactive()
  }

  /// Closes a connection on an error of the protocol, after the GOAWAY that names it.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // What is being written while the error comes is sent before.
    channel.eventLoop.execute { self.channel.close(promise: nil) }
  }

  // MARK: Streams

  private func open(_ id: HTTP2StreamID, _ headers: HTTP2Frame.FramePayload.Headers) {
    goodbye.last = max(goodbye.last, id)
    guard shared.connections.enterStream() else {
      write(.rstStream(.refusedStream), of: id)
      return flushSoon()
    }
    // The stream's own times count now.
    if streams.isEmpty { shared.deadline.allow(HTTP2Connection.year) }
    let stream = HTTP2Stream(id, self, first: headers)
    streams[id] = stream
    touched.append(stream)
  }

  private static let year = 365 * 24 * 3600

  private func close(_ id: HTTP2StreamID) {
    guard let stream = streams.removeValue(forKey: id) else { return }
    shared.connections.leaveStream()
    stream.close()
    guard streams.isEmpty else { return }
    // An idle connection is closed a moment before, with a goodbye.
    shared.deadline.allow(shared.limits.idleSeconds + 10)
    watch.idleSince = .now()
    if goodbye.isUnderstood { closeSoon() }
    if isStopping { endSoon() }
  }

  // MARK: What leaves

  /// Writes a frame; `flushSoon` sends it.
  func write(
    _ payload: HTTP2Frame.FramePayload, of stream: HTTP2StreamID = .rootStream, promise: EventLoopPromise<Void>? = nil
  ) {
    guard let handler else {
      promise?.fail(ConnectionClosed())
      return
    }
    hasWritten = true
    handler.write(wrapOutboundOut(HTTP2Frame(streamID: stream, payload: payload)), promise: promise)
  }

  /// Sends what is written, together with what else is written in this turn of the event loop.
  func flushSoon() {
    guard !isReading, !isFlushing else { return }
    isFlushing = true
    channel.eventLoop.execute { self.flush() }
  }

  /// Sends the last frame of a stream soon; the stream is told where the client does not take it.
  func flushSoon(lastOf stream: HTTP2Stream) {
    finished.append(stream)
    flushSoon()
  }

  private func flush() {
    (hasWritten, isFlushing) = (false, false)
    handler?.flush()
    guard !finished.isEmpty else { return }
    // Nearly always, the kernel has taken all by now.
    for stream in finished where !stream.isSent { stream.limitWait() }
    finished.removeAll(keepingCapacity: true)
  }

  // MARK: The end

  /// Ends the connection after the last response, and streams that may never end now.
  private func stop() {
    guard !isStopping else { return }
    isStopping = true
    sayGoodbye()
    for stream in Array(streams.values) { stream.stop() }
    if streams.isEmpty { endSoon() }
  }

  /// Has the client send further requests elsewhere; those that it has sent are answered, and streams go on.
  func sayGoodbye() {
    guard !goodbye.isSaid else { return }
    goodbye.isSaid = true
    write(.goAway(lastStreamID: .maxID, errorCode: .noError, opaqueData: nil))
    write(.ping(goodbye.ping, ack: false))
    flushSoon()
  }

  /// The client answers a PING: if it was the one after the goodbye, no more requests will come.
  private func takeAnswer(to data: HTTP2PingData) {
    guard goodbye.isSaid, !goodbye.isUnderstood, data == goodbye.ping else { return }
    goodbye.isUnderstood = true
    write(.goAway(lastStreamID: goodbye.last, errorCode: .noError, opaqueData: nil))
    flushSoon()
    if streams.isEmpty { closeSoon() }
  }

  /// Closes the connection once what is being written has been sent.
  private func closeSoon() {
    channel.eventLoop.execute {
      self.flush()
      self.channel.close(promise: nil)
    }
  }

  /// Closes the connection of a client that does not answer to the goodbye.
  private func endSoon() {
    channel.eventLoop.scheduleTask(in: .seconds(Int64(shared.limits.lingerSeconds))) {
      if self.streams.isEmpty { self.channel.close(promise: nil) }
    }
  }

  /// Looks after the connection, now and from time to time.
  private func look() {
    switch watch.due(.now(), isIdle: streams.isEmpty) {
    case .goodbye: sayGoodbye()
    case .ping:
      write(.ping(goodbye.otherPing, ack: false))
      flushSoon()
    case .close: return channel.close(promise: nil)
    case .nothing: break
    }
    watch.timer = channel.eventLoop.scheduleTask(deadline: watch.next(isIdle: streams.isEmpty)) { [weak self] in
      self?.look()
    }
  }
}
