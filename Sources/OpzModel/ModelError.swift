public import OpzIO

/// A model that cannot be read or scored, or rows that do not fit it.
public typealias ModelError = Failure<ModelErrorCode>

/// What can be wrong.
public enum ModelErrorCode: FailureCode {
  case unknownFormat, damaged, unsupported, tooLarge, badRows
  /// An option that does not exist, or that the model has nothing for.
  case badOption
  /// A file that is not what the caller said it is, or has not what it asked for.
  case mismatch

  public var category: ErrorCategory {
    switch self {
    case .badOption: .usage
    case .mismatch: .conflict
    case .unknownFormat, .damaged, .unsupported, .tooLarge, .badRows: .failed
    }
  }
}
