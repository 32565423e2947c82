import CCurl
import OpzIO

/// One exchange with libcurl. Once it is handed to the `CurlLoop`, only that thread uses it.
final class CurlTransfer: @unchecked Sendable {
  let request: HTTPRequest
  /// Receives the body of a 2xx response, if set.
  let pipe: BodyPipe?
  /// Called once, when the head of a 2xx response for the pipe is complete.
  private let onHead: @Sendable (HTTPHead) -> Void
  private let onEnd: @Sendable (Result<HTTPResponse, any Error>) -> Void
  private let onSent: @Sendable (HTTPClient.SendEvent) -> Void

  var collector = HeaderCollector()
  private var body: [UInt8] = []
  private var surplus = 0
  private var source: (any ByteSource)?
  private var feed: BodyFeed?
  private var sent: UInt64 = 0
  private var failure: (any Error)?
  /// When this transfer opened its connection; nil where it uses one that was open.
  private var opened: ContinuousClock.Instant?
  /// What the connection had carried when it broke and libcurl was about to send the body again.
  private var brokenUse: ConnectionUse?
  /// Set by the loop: what its connections have carried.
  var ledger: ConnectionLedger?
  /// Set by the loop while libcurl owns the transfer.
  var handle: UnsafeMutableRawPointer?
  /// Resumes a transfer that was paused because its body had no data ready.
  var wake: @Sendable () -> Void = {}

  /// The number of bytes to keep of an error response's body.
  static let errorLimit = 64 << 10

  init(
    _ request: HTTPRequest, pipe: BodyPipe? = nil, onHead: @escaping @Sendable (HTTPHead) -> Void = { _ in },
    onSent: @escaping @Sendable (HTTPClient.SendEvent) -> Void = { _ in },
    onEnd: @escaping @Sendable (Result<HTTPResponse, any Error>) -> Void
  ) {
    self.request = request
    self.pipe = pipe
    self.onHead = onHead
    self.onSent = onSent
    self.onEnd = onEnd
  }

  func receiveHeader(_ line: UnsafeRawBufferPointer) -> Bool {
    let wasComplete = collector.isComplete
    guard collector.take(line) else {
      failure = HTTPError(.badResponse, request.address.shown, reason: "the response has too many header lines")
      return false
    }
    if !wasComplete, collector.isComplete, pipe != nil, collector.head.isSuccess { onHead(collector.head) }
    return true
  }

  /// What became of a part of the response body.
  enum WriteResult { case accepted, later, abort }

  func receiveBody(_ bytes: UnsafeRawBufferPointer) -> WriteResult {
    let isSuccess = collector.head.isSuccess
    if let pipe, isSuccess { return pipe.offer(bytes) ? .accepted : .later }
    let limit = isSuccess ? request.limit : CurlTransfer.errorLimit
    let room = limit - body.count
    body += bytes.prefix(room)
    if bytes.count <= room { return .accepted }
    guard !isSuccess else {
      failure = HTTPError(
        .tooLarge, request.address.shown, reason: "the response is longer than the \(limit) bytes that are read here")
      return .abort
    }
    surplus += bytes.count - room
    return surplus > 1 << 20 ? .abort : .accepted
  }

  /// What could be read of the request body.
  enum ReadResult { case bytes(Int), later, abort }

  /// Fills the buffer with the next bytes of the request body; 0 bytes at its end.
  func fill(_ buffer: UnsafeMutableRawBufferPointer) -> ReadResult {
    do {
      let size = request.body.size
      guard sent < size else { return .bytes(0) }
      let room = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(min(UInt64(buffer.count), size - sent))])
      guard let count = request.readsAhead ? try readAhead(room) : try read(room) else { return .later }
      guard count > 0 else {
        throw HTTPError(
          .wrongSize, request.address.shown, reason: "the content to send ends after \(sent) of \(size) bytes")
      }
      sent += UInt64(count)
      onSent(.sent(count))
      if sent == size, size > 0, let handle {
        _ = opz_curl_set_long(handle, CURLOPT_LOW_SPEED_TIME, request.commit)
      }
      return .bytes(count)
    } catch {
      failure = error
      return .abort
    }
  }

  private func read(_ room: UnsafeMutableRawBufferPointer) throws -> Int {
    let source = try self.source ?? open(at: sent)
    self.source = source
    return try source.read(into: room)
  }

  private func readAhead(_ room: UnsafeMutableRawBufferPointer) throws -> Int? {
    guard case .blob(let blob) = request.body else { return try read(room) }
    let feed = try self.feed ?? BodyFeed(blob, at: sent, wake: wake)
    self.feed = feed
    switch try feed.take(into: room) {
    case .bytes(let count): return count
    case .later: return nil
    case .end: return 0
    }
  }

  /// Notes that a connection is opened for the transfer; returns false to end the transfer instead.
  func connect() -> Bool {
    if sent > 0, isSentOnce { return breakOff() }
    opened = .now
    return true
  }

  /// Whether the body is not sent again by libcurl after a reused connection broke, but by whoever sends the request:
  /// a registry may have kept a part of it, or have ended the upload.
  private var isSentOnce: Bool { if case .blob = request.body { true } else { false } }

  private func breakOff() -> Bool {
    if failure == nil {
      // libcurl has forgotten its own count by now.
      brokenUse = use(sent: sent)
      failure = HTTPError(
        .connection, request.address.shown, reason: "the connection broke before there was a response")
    }
    return false
  }

  func rewind(to offset: UInt64) -> Bool {
    guard offset <= request.body.size else { return false }
    if sent > 0, isSentOnce { return breakOff() }
    release()
    sent = offset
    onSent(.rewound)
    return true
  }

  /// Ends the exchange with libcurl's result.
  func end(_ result: Result<Void, any Error>) {
    release()
    let response = HTTPResponse(head: collector.head, body: body)
    // A server may refuse the body and close the connection at once; its response counts.
    let isRefusal = collector.isComplete && response.status >= 400
    let outcome: Result<HTTPResponse, any Error>
    switch result {
    case _ where failure != nil: outcome = .failure(failure ?? CancellationError())
    case .failure(let error) where !isRefusal || error is CancellationError: outcome = .failure(error)
    case .success where !collector.isComplete:
      // libcurl takes what came before the end for the whole head, but the lines that matter may be missing.
      outcome = .failure(
        HTTPError(
          .connection, request.address.shown, reason: "the connection ended in the middle of the response's headers"))
    default: outcome = .success(response)
    }
    report(outcome)
    pipe?.finish(outcome.map { _ in () })
    onEnd(outcome)
  }

  /// Says what the connection has carried.
  private func report(_ outcome: Result<HTTPResponse, any Error>) {
    guard let use = brokenUse ?? use() else { return }
    switch outcome {
    case .success(let response) where response.head.isSuccess: onSent(.carried(use))
    case .failure(let error as HTTPError) where error.code == .connection: onSent(.broke(use))
    default: break
    }
  }

  /// - Parameter sent: bytes of the body at least, whatever libcurl counts.
  private func use(sent: UInt64 = 0) -> ConnectionUse? {
    guard let handle, let ledger else { return nil }
    var port = 0
    var (up, down): (curl_off_t, curl_off_t) = (0, 0)
    guard opz_curl_get_long(handle, CURLINFO_LOCAL_PORT, &port) == CURLE_OK,
      opz_curl_get_size(handle, CURLINFO_SIZE_UPLOAD_T, &up) == CURLE_OK,
      opz_curl_get_size(handle, CURLINFO_SIZE_DOWNLOAD_T, &down) == CURLE_OK
    else { return nil }
    return ledger.add(
      sent: max(sent, UInt64(clamping: up)), received: UInt64(clamping: down), port: port, opened: opened)
  }

  private func release() {
    source = nil
    feed?.cancel()
    feed = nil
  }

  private func open(at offset: UInt64) throws -> any ByteSource {
    switch request.body {
    case .none: try BytesBlob([]).open(at: 0)
    case .bytes(let bytes): try BytesBlob(bytes).open(at: offset)
    case .blob(let blob): try blob.open(at: offset)
    }
  }
}
