/// A failed request: a status and the message of `{"error": ..}`.
struct RequestFailure: Error, Equatable {
  let status: Int
  let message: String
  /// The body was not read to its end, so the connection cannot be reused.
  let leavesBody: Bool

  init(_ status: Int, _ message: String, leavesBody: Bool = false) {
    self.status = status
    self.message = message
    self.leavesBody = leavesBody
  }

  /// A malformed request.
  static func bad(_ message: String) -> RequestFailure { RequestFailure(400, message) }
}
