public import OpzIO

/// A registry that does not have what was asked for, or refuses a change.
public typealias RegistryError = Failure<RegistryErrorCode>

/// What can be wrong.
public enum RegistryErrorCode: FailureCode {
  case badName, notFound, versionTaken, conflict, damaged, unknownFormat, held
  /// What a change was decided by is no longer so.
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
