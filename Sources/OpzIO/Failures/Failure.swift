/// The kinds of failure of one module.
public protocol FailureCode: Hashable, Sendable {
  /// What this kind means to the caller of a command.
  var category: ErrorCategory { get }
}

/// Lets a module without failure codes of its own use the categories directly.
extension ErrorCategory: FailureCode {
  /// The category itself.
  public var category: ErrorCategory { self }
}

/// A failure of one module: what went wrong with which thing, why, and what to do. A module names it and supplies the
/// codes: `typealias ArchiveError = Failure<ArchiveErrorCode>`.
public struct Failure<Kind: FailureCode>: ExplainedError {
  /// The module's failure codes.
  public typealias Code = Kind

  public let code: Kind
  public let subject: String
  public let reason: String
  public let hint: String?

  /// Makes a failure; `subject`, `reason` and `hint` are as in `ExplainedError`.
  public init(_ code: Kind, _ subject: String, reason: String, hint: String? = nil) {
    self.code = code
    self.subject = subject
    self.reason = reason
    self.hint = hint
  }

  public var category: ErrorCategory { code.category }
}
