public import OpzIO

/// An MLflow store that cannot be read.
public typealias MLflowError = Failure<MLflowErrorCode>

/// What can be wrong.
public enum MLflowErrorCode: FailureCode {
  /// Not a database, or one without MLflow's tables.
  case notAStore
  /// An artifact that is not on this machine, or not where artifacts may be.
  case noArtifacts
  /// No such model, version or workspace.
  case notFound

  public var category: ErrorCategory { self == .notAStore ? .failed : .notFound }
}
