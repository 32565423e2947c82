/// Why a request gets no answer of its own: a status and the text of `{"error": ..}`.
struct RequestFailure: Error, Equatable {
  let status: Int
  let message: String

  init(_ status: Int, _ message: String) {
    self.status = status
    self.message = message
  }

  /// A request that is written wrongly.
  static func bad(_ message: String) -> RequestFailure { RequestFailure(400, message) }
}
