public import OpzIO

/// A Python environment that cannot be locked, checked or laid into an image.
public struct PythonError: ExplainedError {
  public enum Code: Sendable {
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
  }

  public let code: Code
  public let subject: String
  public let reason: String
  public let hint: String?

  public init(_ code: Code, _ subject: String, _ reason: String, hint: String? = nil) {
    self.code = code
    self.subject = subject
    self.reason = reason
    self.hint = hint
  }

  public var category: ErrorCategory {
    switch code {
    case .malformed, .incompatible, .tool: .failed
    case .wrongDigest: .verification
    case .notFound: .notFound
    case .outdated: .conflict
    }
  }
}
