/// Handles requests: the routes of a server.
public protocol HTTPService: Sendable {
  /// All methods that some path allows, without OPTIONS: the response to `OPTIONS *`.
  var methods: [String] { get }

  /// Handles one request. The service pulls as much of the body as it needs; a small rest is read and dropped.
  /// - Throws: `RequestProblem` when the body is malformed or over a limit; `HangUp` to close the connection.
  func answer(_ request: Request, _ body: any RequestBody) async throws -> Answer

  /// The response to a malformed request or one over a limit, in this service's error format.
  func refusal(_ problem: RequestProblem) -> Answer
}
