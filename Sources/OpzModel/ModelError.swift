public import OpzIO

/// A model that cannot be read or scored, or rows that do not fit it.
public struct ModelError: ExplainedError {
  public enum Code: Sendable {
    case unknownFormat, damaged, unsupported, tooLarge, badRows
  }

  public let code: Code
  /// The file with line and column, or the column of a table.
  public let subject: String
  public let reason: String
  public let hint: String?

  public init(_ code: Code, _ subject: String, _ reason: String, hint: String? = nil) {
    self.code = code
    self.subject = subject
    self.reason = reason
    self.hint = hint
  }

  public var category: ErrorCategory { .failed }
}
