public import OpzIO

/// A server that cannot start: a wrong option, a model that does not load, an address that is taken.
public struct ServeError: ExplainedError {
  public enum Code: Sendable {
    case badOption, badModel, cannotListen
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
    case .badOption: .usage
    case .badModel: .verification
    case .cannotListen: .failed
    }
  }
}
