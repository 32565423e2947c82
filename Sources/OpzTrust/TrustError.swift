public import OpzIO

/// What is wrong with a key, a signature or a document about an image.
public typealias TrustError = Failure<TrustErrorCode>

/// The kinds of error, and by them the exit code.
public enum TrustErrorCode: FailureCode {
  /// A key that cannot be read.
  case badKey
  /// A document that does not have the form it claims.
  case malformed
  /// A signature that was not made by the key, or that covers something else.
  case notVerified
  /// What a signature cannot cover: a link, a special file, a name that is not UTF-8.
  case unsignable
  case usage

  public var category: ErrorCategory {
    switch self {
    case .badKey, .unsignable: .failed
    case .malformed, .notVerified: .verification
    case .usage: .usage
    }
  }
}
