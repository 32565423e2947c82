public import OpzIO

/// A Python environment that cannot be locked, checked or laid into an image.
public typealias PythonError = Failure<PythonErrorCode>

/// What can be wrong.
public enum PythonErrorCode: FailureCode {
  /// Malformed input: a wheel, a lock, a version, a marker.
  case malformed
  /// Bytes are not what a lock or a wheel's RECORD says.
  case wrongDigest
  /// No wheel fits the platform, or packages do not go together.
  case incompatible
  case notFound
  /// A lock is not that of what it was made from.
  case outdated
  /// uv is missing or failed.
  case tool

  public var category: ErrorCategory {
    switch self {
    case .malformed, .incompatible, .tool: .failed
    case .wrongDigest: .verification
    case .notFound: .notFound
    case .outdated: .conflict
    }
  }
}
