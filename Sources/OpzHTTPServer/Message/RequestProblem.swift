/// A request that violates RFC 9112 or exceeds a limit. The connection closes after the response.
public struct RequestProblem: Error, Sendable, Equatable {
  /// 400, 413, 414, 417, 431, 501, 503 or 505.
  public let status: Int
  /// For the client: what is wrong.
  public let reason: String

  /// Creates a problem with the status code to send and a reason for the client.
  public init(_ status: Int, _ reason: String) {
    self.status = status
    self.reason = reason
  }
}
