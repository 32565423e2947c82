public import OpzIO

/// A key, a signature or a document about an image that is not what it has to be.
public struct TrustError: ExplainedError {
  public enum Code: Sendable {
    /// A key that cannot be read.
    case badKey
    /// A document that is not what it says.
    case malformed
    /// A signature that is not one of the key, or about something else.
    case notVerified
    case usage
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

  public var category: ErrorCategory {
    switch code {
    case .badKey: .failed
    case .malformed, .notVerified: .verification
    case .usage: .usage
    }
  }
}
