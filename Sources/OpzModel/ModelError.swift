public import OpzIO

/// A model that cannot be read or scored, or rows that do not fit it.
public typealias ModelError = Failure<ModelErrorCode>

/// What can be wrong.
public enum ModelErrorCode: FailureCode {
  case unknownFormat, damaged, unsupported, tooLarge, badRows
  /// An option that does not exist, or that the model has nothing for.
  case badOption

  public var category: ErrorCategory { self == .badOption ? .usage : .failed }
}
