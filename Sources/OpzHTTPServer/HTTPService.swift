/// Handles requests: the routes of a server.
public protocol HTTPService: Sendable {
  /// All methods that some path allows, without OPTIONS: the response to `OPTIONS *`.
  var methods: [String] { get }

  /// Handles one request. The service pulls as much of the body as it needs; a small rest is read and dropped.
  /// - Throws: `RequestProblem` when the body is malformed or over a limit; `ConnectionClosed` to close the connection.
  func respond(to request: Request, _ body: any RequestBody) async throws -> Response

  /// The response to a malformed request or one over a limit, in this service's error format.
  func errorResponse(_ problem: RequestProblem) -> Response

  /// Whether handling a request is cancelled when its caller leaves. A service that changes something ends what it began.
  var endsWithCaller: Bool { get }

  /// Reserves memory for what a client may send ahead of what is read; false where there is none, and then the client
  /// is allowed less at a time.
  func reserve(windowBytes: Int) -> Bool

  /// Gives back what `reserve` reserved.
  func release(windowBytes: Int)
}

extension HTTPService {
  /// What has begun is ended.
  public var endsWithCaller: Bool { false }

  /// Memory that nobody counts.
  public func reserve(windowBytes: Int) -> Bool { true }

  /// Nothing is counted.
  public func release(windowBytes: Int) {}
}
