public import OpzIO

/// Text or a document that is not what the OCI specifications allow.
public typealias OCIError = Failure<OCIErrorCode>

/// What can be wrong.
public enum OCIErrorCode: FailureCode {
  case badReference, badDocument, ambiguousDocument, tooLarge

  public var category: ErrorCategory { self == .badReference ? .usage : .verification }
}
