public import OpzIO

/// A content store that does not have what was asked for, or got something else than was announced.
public typealias StoreError = Failure<StoreErrorCode>

/// What can be wrong.
public enum StoreErrorCode: FailureCode {
  case notFound, wrongDigest, wrongSize, badLayout, noSpace, tooLarge

  public var category: ErrorCategory {
    switch self {
    case .notFound: .notFound
    case .wrongDigest, .wrongSize, .badLayout, .tooLarge: .verification
    case .noSpace: .failed
    }
  }
}
