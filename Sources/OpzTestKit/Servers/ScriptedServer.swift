import OpzIO
import Synchronization

/// An HTTP/1.1 server on 127.0.0.1 whose responses, including faults, come from a closure. It records the requests.
public final class ScriptedServer: Sendable {
  /// A request as the server received it.
  public struct Request: Sendable {
    public let method: String
    /// The path with its query, not decoded.
    public let target: String
    /// Names in lower case.
    public let headers: [(name: String, value: String)]
    /// The first MiB of the body.
    public var body: [UInt8] = []
    public var bodySize: UInt64 = 0
    /// 1 for the first request to this server.
    public let number: Int

    /// The value of the first header with this name, which must be in lower case.
    public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
    /// The target without its query.
    public var path: String { String(target.prefix { $0 != "?" }) }
  }

  /// The response to a request, with optional faults.
  public struct Answer: Sendable {
    public var status: Int
    public var headers: [(String, String)]
    public var body: [UInt8]
    /// The value of Content-Length; nil for the body's size.
    public var length: Int?
    /// Closes the connection after this many bytes of the body.
    public var cutAfter: Int?

    /// Creates a response; `length` overrides Content-Length and `cutAfter` ends the connection after that many body
    /// bytes.
    public init(
      _ status: Int, _ headers: [(String, String)] = [], body: [UInt8] = [], length: Int? = nil, cutAfter: Int? = nil
    ) {
      self.status = status
      self.headers = headers
      self.body = body
      self.length = length
      self.cutAfter = cutAfter
    }

    /// Creates a response with a UTF-8 text body.
    public init(_ status: Int, _ headers: [(String, String)] = [], text: String) {
      self.init(status, headers, body: Array(text.utf8))
    }

    /// Closes the connection without a response.
    public static let hangUp = Answer(0)
  }

  /// What happens after a request's head was read and before its body is.
  public enum Early: Sendable {
    case readBody
    /// Closes the connection after this many bytes of the body.
    case hangUp(after: Int)
    /// The same, and passes the received bytes on.
    case cut(after: Int, take: @Sendable ([UInt8]) -> Void)
    /// Responds at once and closes the connection.
    case answer(Answer)
  }

  private let listener: LoopbackListener
  private let respond: @Sendable (Request) -> Answer
  private let early: @Sendable (Request) -> Early
  private let bodyLimit: Int
  private let onBroken: @Sendable (Request, Int) -> Void
  private let recorded = Mutex<[Request]>([])
  private let connections = Mutex<[Int: ServerConnection]>([:])

  /// Starts the server.
  /// - Parameters:
  ///   - bodyLimit: maximum bytes of a body that are recorded.
  ///   - onBroken: called with a request whose peer closed during the body, and the number of bytes received.
  public init(
    bodyLimit: Int = 1 << 20, early: @escaping @Sendable (Request) -> Early = { _ in .readBody },
    onBroken: @escaping @Sendable (Request, Int) -> Void = { _, _ in },
    _ respond: @escaping @Sendable (Request) -> Answer
  ) throws {
    listener = try LoopbackListener()
    self.respond = respond
    self.early = early
    self.bodyLimit = bodyLimit
    self.onBroken = onBroken
    let listener = listener
    _ = startThread { [weak self] in
      var number = 0
      while let descriptor = listener.accept() {
        let connection = ServerConnection(descriptor)
        number += 1
        let key = number
        self?.connections.withLock { $0[key] = connection }
        _ = startThread { [weak self] in
          while let server = self, server.serveOne(connection) {}
          connection.end()
          self?.connections.withLock { $0[key] = nil }
        }
      }
    }
  }

  deinit { stop() }

  /// `127.0.0.1:PORT`.
  public var host: String { "127.0.0.1:\(listener.port)" }

  /// All requests so far.
  public var requests: [Request] { recorded.withLock { $0 } }

  /// Stops accepting connections and closes the open ones.
  public func stop() {
    listener.stop()
    for connection in connections.withLock({ $0.values.map { $0 } }) { connection.shutDown() }
  }

  private func serveOne(_ connection: ServerConnection) -> Bool {
    guard let head = connection.readHead() else { return false }
    var request = recorded.withLock { all in
      let request = Request(method: head.method, target: head.target, headers: head.headers, number: all.count + 1)
      all.append(request)
      return request
    }
    switch early(request) {
    case .readBody: break
    case .answer(let answer):
      connection.write(answer, isHead: false)
      return false
    case .hangUp(let bytes):
      connection.continueIfExpected(request)
      _ = connection.readBody(bytes, keeping: 0)
      return false
    case .cut(let bytes, let take):
      connection.continueIfExpected(request)
      take(connection.readBody(bytes, keeping: bodyLimit).kept)
      return false
    }
    let length = request.header("content-length").flatMap { UInt64($0) } ?? 0
    connection.continueIfExpected(request)
    let body = connection.readBody(Int(clamping: length), keeping: bodyLimit)
    request.body = body.kept
    guard UInt64(body.count) == length else {
      onBroken(request, body.count)
      return false
    }
    request.bodySize = length
    let complete = request
    recorded.withLock { $0[complete.number - 1] = complete }
    return connection.write(respond(complete), isHead: request.method == "HEAD")
  }
}
