import NIOCore
import NIOHPACK
import NIOHTTP2
import SystemPackage

/// One request of an HTTP/2 connection and its response. Its frames and its task both are handled on the connection's
/// event loop, so its state needs no lock.
final class HTTP2Stream: RequestBody, @unchecked Sendable {
  private let id: HTTP2StreamID
  private let connection: HTTP2Connection
  private var loop: any EventLoop { connection.channel.eventLoop }
  /// The first frame of a request that has not begun.
  private var first: HTTP2Frame.FramePayload.Headers?
  /// When the body began, or the message of a stream of them.
  private var start = NIODeadline.now()
  private var limits: HTTPServerLimits { connection.shared.limits }

  private var buffer = ByteBuffer()
  private var window: StreamWindow
  /// Bytes that were handed to the service, which has them until it asks for more.
  private var handed = 0
  /// The body does not fit into the window that each stream has.
  private var isLong = false
  /// The client has sent all.
  private var isWhole: Bool
  /// The client or the connection is gone, or its time is over.
  private var isGone = false
  /// The response is on its way, and what else the client sends is dropped.
  private var isAnswered = false
  /// The last frame has left.
  private(set) var isSent = false
  /// Closes the stream of a client that does not take its response.
  private var timer: Scheduled<Void>?
  private var waiting: CheckedContinuation<Void, Never>?
  private var task: Task<Void, Never>?
  var isOptional = false

  init(_ id: HTTP2StreamID, _ connection: HTTP2Connection, first: HTTP2Frame.FramePayload.Headers) {
    self.id = id
    self.connection = connection
    self.first = first
    isWhole = first.endStream
    window = StreamWindow(connection.shared.limits.streamWindowBytes)
  }

  // MARK: What comes

  /// Handles what a read has brought: begins the request, or goes on with it, on this thread until it waits.
  func handle() {
    if let first {
      self.first = nil
      if !isGone { connection.executor.now { begin(first) } }
      return
    }
    // The client may send the rest of what nobody reads, for a moment.
    if isAnswered { tellWindow() }
    connection.executor.now { wake() }
  }

  /// The client has sent all, and trailers after it.
  func takeEnd() { isWhole = true }

  /// Keeps a piece of the body. Pieces are put together at once: a frame of one byte takes a hundred by itself.
  func take(_ frame: HTTP2Frame.FramePayload.Data) {
    isWhole = isWhole || frame.endStream
    guard case .byteBuffer(var piece) = frame.data else { return }
    let count = piece.readableBytes
    window.receive(count, padding: frame.paddingBytes.map { $0 + 1 } ?? 0)
    guard !isAnswered, !isGone else { return window.free(count) }
    guard window.holds || widen(to: window.unread) else { return reset() }
    buffer.writeBuffer(&piece)
  }

  /// The stream is closed: by its last frame, by a reset, or with its connection.
  func close() {
    narrow()
    end()
  }

  /// Ends the stream, and says so to the client (RST_STREAM).
  private func reset() {
    guard !isGone else { return }
    end()
    connection.write(.rstStream(.cancel), of: id)
    connection.flushSoon()
  }

  /// Ends the task: nobody waits for its response.
  private func end() {
    guard !isGone else { return }
    isGone = true
    if !isAnswered { task?.cancel() }
    wake()
  }

  private func wake() {
    // It may wait again before this returns.
    let task = waiting
    waiting = nil
    task?.resume()
  }

  /// The server stops: a task that awaits what may never come is told.
  func stop() { if isOptional { wake() } }

  // MARK: Body

  func next() async throws -> ByteBuffer? {
    window.free(handed)
    handed = 0
    while true {
      if buffer.readableBytes > 0 { return handOver() }
      if isWhole {
        narrow()
        return nil
      }
      if isGone || (isOptional && connection.isStopping) { throw ConnectionClosed() }
      if window.isNarrow || isLong { _ = widen(to: limits.wideWindowBytes) }
      tellWindow()
      let timer = loop.scheduleTask(deadline: bodyEnd) { [weak self] in self?.reset() }
      await withCheckedContinuation { waiting = $0 }
      timer.cancel()
    }
  }

  /// Gives the service what has come.
  private func handOver() -> ByteBuffer {
    handed = buffer.readableBytes
    // The time of a message counts from its first byte.
    if isOptional { start = .now() }
    defer { buffer = ByteBuffer() }
    return buffer
  }

  // MARK: The window

  /// Reserves memory for a wider window; false where there is none.
  private func widen(to size: Int) -> Bool {
    guard size > window.size else { return true }
    guard connection.shared.widen(by: size - window.size) else { return false }
    window.resize(to: size)
    return true
  }

  /// Gives back what was reserved for more than the window that each stream has.
  func narrow() {
    let extra = window.size - limits.streamWindowBytes
    guard extra > 0 else { return }
    connection.shared.narrow(by: extra)
    window.resize(to: limits.streamWindowBytes)
  }

  private func tellWindow() {
    guard !isWhole, !isGone, let more = window.increment() else { return }
    connection.write(.windowUpdate(windowSizeIncrement: more), of: id)
    connection.flushSoon()
  }

  private var bodyEnd: NIODeadline {
    isOptional
      ? .now() + .seconds(Int64(limits.workSeconds))
      : start + .seconds(Int64(limits.bodySeconds ?? limits.workSeconds))
  }

  // MARK: Response

  private func begin(_ first: HTTP2Frame.FramePayload.Headers) {
    let service = connection.shared.service
    let request: Request
    do {
      request = try HTTP2Head.request(first.headers, isEnd: first.endStream, limits)
    } catch let problem as RequestProblem {
      return send(service.errorResponse(problem), isHead: false)
    } catch {
      return reset()
    }
    isLong = request.length.map { $0 > UInt64(limits.streamWindowBytes) } ?? false
    task = Task(executorPreference: connection.executor) {
      do {
        let response = try await self.respond(to: request, service)
        try await self.write(response, isHead: request.method == "HEAD")
      } catch {
        self.reset()
      }
    }
    // It may have ended the connection before it was known here.
    if isGone, !isAnswered { task?.cancel() }
  }

  private func respond(to request: Request, _ service: any HTTPService) async throws -> Response {
    if request.target == "*" { return .options(service.methods) }
    do {
      return try await service.respond(to: request, self)
    } catch let problem as RequestProblem {
      return service.errorResponse(problem)
    } catch let end as ConnectionClosed {
      throw end
    } catch {
      return service.errorResponse(RequestProblem(500, "the server failed to answer the request"))
    }
  }

  private func write(_ response: Response, isHead: Bool) async throws {
    guard !isGone else { return }
    if response.delivery.closes { connection.sayGoodbye() }
    guard !isHead, response.mayHaveBody else { return send(response, isHead: true) }
    if let pieces = response.stream {
      try await put(.headers(.init(headers: HTTP2Head.response(response))))
      return try await write(pieces)
    }
    if case .file(let path, let from, let count) = response.body {
      try await put(.headers(.init(headers: HTTP2Head.response(response))))
      return try await write(path, from: from, count: count)
    }
    send(response, isHead: false)
  }

  /// Writes a whole response at once; its memory is held until it has left.
  private func send(_ response: Response, isHead: Bool) {
    guard !isGone else { return }
    isAnswered = true
    let headers = HTTP2Head.response(response)
    guard case .bytes(let bytes) = response.body, !isHead, response.mayHaveBody,
      !bytes.isEmpty || response.trailers != nil
    else { return finish(.headers(.init(headers: headers, endStream: true)), response.lease) }
    connection.write(.headers(.init(headers: headers)), of: id)
    let data = ByteBuffer(bytes: bytes)
    guard let trailers = response.trailers else {
      return finish(.data(.init(data: .byteBuffer(data), endStream: true)), response.lease)
    }
    if !bytes.isEmpty { connection.write(.data(.init(data: .byteBuffer(data))), of: id) }
    finish(.headers(.init(headers: HTTP2Head.trailers(trailers), endStream: true)), response.lease)
  }

  /// Writes the last frame of the response.
  private func finish(_ frame: HTTP2Frame.FramePayload, _ lease: (any Sendable)?) {
    // A frame of a closed stream is an error of the protocol, and would end the connection.
    guard !isGone else { return }
    isAnswered = true
    window.free(window.unread)
    (buffer, handed) = (ByteBuffer(), 0)
    let promise = loop.makePromise(of: Void.self)
    promise.futureResult.whenComplete { result in
      withExtendedLifetime(lease) {}
      self.isSent = true
      self.timer?.cancel()
      // What could not be sent is of a stream that the client has reset, to which nothing may be written any more.
      if case .success = result { self.linger() }
    }
    connection.write(frame, of: id, promise: promise)
    connection.flushSoon(lastOf: self)
  }

  /// The client has not taken all of its response: it has some time for that.
  func limitWait() {
    guard !isGone else { return }
    timer = loop.scheduleTask(in: .seconds(Int64(limits.answerSeconds))) { self.reset() }
  }

  /// Lets the client send the rest of its request for a moment, so that it is not reset before it has read the response.
  private func linger() {
    guard !isWhole, !isGone else { return }
    tellWindow()
    loop.scheduleTask(in: .seconds(Int64(limits.lingerSeconds))) { self.reset() }
  }

  private func write(_ pieces: @Sendable () async -> Response.StreamPiece) async throws {
    while true {
      switch await pieces() {
      case .bytes(let bytes): try await put(.data(.init(data: .byteBuffer(ByteBuffer(bytes: bytes)))))
      case .end(let trailers):
        return finish(.headers(.init(headers: HTTP2Head.trailers(trailers), endStream: true)), nil)
      }
    }
  }

  private func write(_ path: FilePath, from: UInt64, count: UInt64) async throws {
    var offset: UInt64 = 0
    while offset < count {
      let piece = try await FilePiece.read(path, at: from &+ offset, count: Int(min(count - offset, 256 << 10)))
      offset += UInt64(piece.readableBytes)
      try await put(.data(.init(data: .byteBuffer(piece))))
    }
    finish(.data(.init(data: .byteBuffer(ByteBuffer()), endStream: true)), nil)
  }

  /// Writes a frame, and waits until the client has made room for it.
  private func put(_ frame: HTTP2Frame.FramePayload) async throws {
    guard !isGone else { throw ConnectionClosed() }
    let timer = loop.scheduleTask(in: .seconds(Int64(limits.answerSeconds))) { self.reset() }
    defer { timer.cancel() }
    let promise = loop.makePromise(of: Void.self)
    connection.write(frame, of: id, promise: promise)
    connection.flushSoon()
    try await promise.futureResult.get()
  }
}
