public import OpzIO

/// A Python environment that cannot be locked, checked or installed into an image.
public typealias PythonError = Failure<PythonErrorCode>

/// What can be wrong.
public enum PythonErrorCode: FailureCode {
  /// Malformed input: a wheel, a lock, a version, a marker.
  case malformed
  /// Bytes that do not match a lock or a wheel's RECORD.
  case wrongDigest
  /// No wheel fits the platform, or packages are incompatible with each other.
  case incompatible
  case notFound
  /// A lock whose inputs have changed.
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
