public import OpzIO

/// A project that cannot become an image.
public struct PackageError: ExplainedError {
  public enum Code: Sendable {
    case missingFile, unsafePath, changedWhileRead, badRuntime, badModel, badEpoch, badLock, unsupported, testFailed
    /// The base has something else there.
    case occupied
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
    case .missingFile: .notFound
    case .testFailed: .verification
    case .occupied: .conflict
    case .badEpoch: .usage
    case .unsafePath, .changedWhileRead, .badRuntime, .badModel, .badLock, .unsupported: .failed
    }
  }
}
