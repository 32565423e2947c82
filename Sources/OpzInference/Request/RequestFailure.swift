/// A failed request: a status and the message of `{"error": ..}`.
package struct RequestFailure: Error, Equatable {
  package let status: Int
  package let message: String
  /// The body was not read to its end, so the connection cannot be reused.
  package let leavesBody: Bool
  /// Whole seconds after which it is worth trying again; nil where nothing is known about that.
  package let retryAfter: Int?
  /// The values for which it is refused, where it is for values; they are counted.
  package let violations: [ContractViolation]

  package init(
    _ status: Int, _ message: String, leavesBody: Bool = false, retryAfter: Int? = nil,
    violations: [ContractViolation] = []
  ) {
    self.status = status
    self.message = message
    self.leavesBody = leavesBody
    self.retryAfter = retryAfter
    self.violations = violations
  }

  /// A malformed request.
  package static func bad(_ message: String) -> RequestFailure { RequestFailure(400, message) }
}
