public import OpzIO

/// A content store that lacks the requested content, or received something else than was announced.
public typealias StoreError = Failure<StoreErrorCode>

/// The kinds of store failure.
public enum StoreErrorCode: FailureCode {
  case notFound, wrongDigest, wrongSize, badLayout, noSpace, tooLarge

  /// Content that does not match its announcement counts as failed verification.
  public var category: ErrorCategory {
    switch self {
    case .notFound: .notFound
    case .wrongDigest, .wrongSize, .badLayout, .tooLarge: .verification
    case .noSpace: .failed
    }
  }
}
