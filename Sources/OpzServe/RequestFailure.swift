/// Why a request gets no answer of its own: a status and the text of `{"error": ..}`.
struct RequestFailure: Error, Equatable {
  let status: Int
  let message: String
  /// The request's body was not read to its end, so the connection cannot carry another.
  let leavesBody: Bool

  init(_ status: Int, _ message: String, leavesBody: Bool = false) {
    self.status = status
    self.message = message
    self.leavesBody = leavesBody
  }

  /// A request that is written wrongly.
  static func bad(_ message: String) -> RequestFailure { RequestFailure(400, message) }
}
