public import OpzIO

/// A document that cannot be read, or a question that makes no sense.
public struct LintError: ExplainedError {
  public let category: ErrorCategory
  /// `FILE:LINE:COLUMN`, or an option.
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
