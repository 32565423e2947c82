public import OpzIO

/// A hub that cannot start, or a file of faults that cannot be read.
public struct HubError: ExplainedError {
  public enum Code: Sendable {
    case badOption, cannotListen, badFaults
  }

  public let code: Code
  public let subject: String
  public let reason: String
  public let hint: String?

  init(_ code: Code, _ subject: String, _ reason: String, hint: String? = nil) {
    self.code = code
    self.subject = subject
    self.reason = reason
    self.hint = hint
  }

  public var category: ErrorCategory {
    switch code {
    case .badOption, .badFaults: .usage
    case .cannotListen: .failed
    }
  }
}
