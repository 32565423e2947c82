/// Something that answers requests: the routes of a server.
public protocol HTTPService: Sendable {
  /// The methods that some path answers, without OPTIONS: what `OPTIONS *` is told.
  var methods: [String] { get }

  /// Answers one request. The body is pulled as far as it is wanted; what is left of a small one is read and dropped.
  /// - Throws: `RequestProblem` of the body's for a client that is refused; `HangUp` for the end of the connection.
  func answer(_ request: Request, _ body: any RequestBody) async throws -> Answer

  /// The words for a request that is no request or beyond a limit, in the form in which this service tells its failures.
  func refusal(_ problem: RequestProblem) -> Answer
}
