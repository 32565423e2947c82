public import OpzIO

/// A text or a document that the OCI specifications do not allow.
public typealias OCIError = Failure<OCIErrorCode>

/// The kinds of OCI failure.
public enum OCIErrorCode: FailureCode {
  case badReference, badDocument, ambiguousDocument, tooLarge

  /// A bad reference is a usage error; everything else is failed verification.
  public var category: ErrorCategory { self == .badReference ? .usage : .verification }
}
