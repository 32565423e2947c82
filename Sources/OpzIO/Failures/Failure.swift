/// What went wrong, in the words of one module.
public protocol FailureCode: Hashable, Sendable {
  /// What that means to the caller of a command.
  var category: ErrorCategory { get }
}

/// A module that has no words of its own says what its failures mean, and no more.
extension ErrorCategory: FailureCode {
  public var category: ErrorCategory { self }
}

/// A failure of one module's work: what went wrong with which thing, why, and what to do. A module gives it a name and its codes:
/// `typealias ArchiveError = Failure<ArchiveErrorCode>`.
public struct Failure<Kind: FailureCode>: ExplainedError {
  public typealias Code = Kind

  public let code: Kind
  public let subject: String
  public let reason: String
  public let hint: String?

  public init(_ code: Kind, _ subject: String, _ reason: String, hint: String? = nil) {
    self.code = code
    self.subject = subject
    self.reason = reason
    self.hint = hint
  }

  public var category: ErrorCategory { code.category }
}
