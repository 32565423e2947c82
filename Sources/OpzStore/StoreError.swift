public import OpzIO

/// A content store that does not have what was asked for, or got something else than was announced.
public struct StoreError: ExplainedError {
  public enum Code: Sendable {
    case notFound, wrongDigest, wrongSize, badLayout, noSpace, tooLarge
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
    case .notFound: .notFound
    case .wrongDigest, .wrongSize, .badLayout, .tooLarge: .verification
    case .noSpace: .failed
    }
  }
}
