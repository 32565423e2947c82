public import OpzIO

/// A registry that does not have what was asked for, or refuses a change.
public struct RegistryError: ExplainedError {
  public enum Code: Sendable {
    case badName, notFound, versionTaken, conflict, damaged, unknownFormat, held
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
    case .badName: .usage
    case .notFound: .notFound
    case .versionTaken, .conflict, .held: .conflict
    case .damaged: .verification
    case .unknownFormat: .failed
    }
  }
}
