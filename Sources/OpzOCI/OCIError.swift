public import OpzIO

/// Text or a document that is not what the OCI specifications allow.
public struct OCIError: ExplainedError {
  public enum Code: Sendable {
    case badReference, badDocument, ambiguousDocument, tooLarge
  }

  public let code: Code
  public let subject: String
  public let reason: String
  public let hint: String?

  public init(_ code: Code, _ subject: String, _ reason: String, hint: String? = nil) {
    self.code = code
    self.subject = subject
    self.reason = reason
    self.hint = hint
  }

  public var category: ErrorCategory { code == .badReference ? .usage : .verification }
}
