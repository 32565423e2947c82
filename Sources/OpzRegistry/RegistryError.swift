public import OpzIO

/// A registry does not have what was asked for, or refuses a change.
public typealias RegistryError = Failure<RegistryErrorCode>

/// What went wrong, and thereby the exit code.
public enum RegistryErrorCode: FailureCode {
  case badName, notFound, versionTaken, conflict, damaged, unknownFormat, held
  /// The state that a change was based on has changed since.
  case changed

  public var category: ErrorCategory {
    switch self {
    case .badName: .usage
    case .notFound: .notFound
    case .versionTaken, .conflict, .held, .changed: .conflict
    case .damaged: .verification
    case .unknownFormat: .failed
    }
  }
}
