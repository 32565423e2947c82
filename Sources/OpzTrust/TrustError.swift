public import OpzIO

/// A key, a signature or a document about an image that is not what it has to be.
public typealias TrustError = Failure<TrustErrorCode>

/// What can be wrong.
public enum TrustErrorCode: FailureCode {
  /// A key that cannot be read.
  case badKey
  /// A document that is not what it says.
  case malformed
  /// A signature that is not one of the key, or about something else.
  case notVerified
  /// What a signature cannot cover: a link, a special file, a name that is no text.
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
