public import OpzIO

/// A model that cannot be written as SQL for a dialect, or an option that does not fit.
public typealias SQLError = Failure<SQLErrorCode>

/// What can be wrong.
public enum SQLErrorCode: FailureCode {
  /// A dialect, shape or name that does not exist or cannot be used.
  case badOption
  /// A node of the model that the dialect has nothing for.
  case unsupported
  /// More than the database accepts: length, columns, depth.
  case tooLarge

  public var category: ErrorCategory {
    switch self {
    case .badOption: .usage
    case .unsupported: .failed
    case .tooLarge: .refused
    }
  }
}
