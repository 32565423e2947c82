public import OpzIO

/// A project that cannot be packaged.
public typealias PackageError = Failure<PackageErrorCode>

/// What can be wrong.
public enum PackageErrorCode: FailureCode {
  case missingFile, unsafePath, changedWhileRead, badRuntime, badModel, badEpoch, badLock, unsupported, testFailed
  /// The base has an entry of another kind at the path.
  case occupied

  public var category: ErrorCategory {
    switch self {
    case .missingFile: .notFound
    case .testFailed: .verification
    case .occupied: .conflict
    case .badEpoch: .usage
    case .unsafePath, .changedWhileRead, .badRuntime, .badModel, .badLock, .unsupported: .failed
    }
  }
}
