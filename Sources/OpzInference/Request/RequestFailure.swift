/// A failed request: a status and the message of `{"error": ..}`.
package struct RequestFailure: Error, Equatable {
  package let status: Int
  package let message: String
  /// The body was not read to its end, so the connection cannot be reused.
  package let leavesBody: Bool
  /// Whole seconds after which it is worth trying again; nil where nothing is known about that.
  package let retryAfter: Int?

  package init(_ status: Int, _ message: String, leavesBody: Bool = false, retryAfter: Int? = nil) {
    self.status = status
    self.message = message
    self.leavesBody = leavesBody
    self.retryAfter = retryAfter
  }

  /// A malformed request.
  package static func bad(_ message: String) -> RequestFailure { RequestFailure(400, message) }
}
