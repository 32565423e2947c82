public import OpzIO

/// An MLflow store that cannot be read.
public struct MLflowError: ExplainedError {
  public enum Kind: Sendable, Equatable {
    /// Not a database, or one without MLflow's tables.
    case notAStore
    /// An artifact that is not on this machine, or not where artifacts may be.
    case noArtifacts
    /// No such model, version or workspace.
    case notFound
  }

  public let kind: Kind
  public let subject: String
  public let reason: String
  public let hint: String?

  public init(_ kind: Kind, _ subject: String, _ reason: String, hint: String? = nil) {
    self.kind = kind
    self.subject = subject
    self.reason = reason
    self.hint = hint
  }

  public var category: ErrorCategory { kind == .notAStore ? .failed : .notFound }
}
