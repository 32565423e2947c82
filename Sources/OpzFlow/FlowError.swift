public import OpzIO

/// A use case that cannot go on, for a reason that no module below knows.
public struct FlowError: ExplainedError {
  public let category: ErrorCategory
  public let subject: String
  public let reason: String
  public let hint: String?

  public init(_ category: ErrorCategory, _ subject: String, _ reason: String, hint: String? = nil) {
    self.category = category
    self.subject = subject
    self.reason = reason
    self.hint = hint
  }
}
