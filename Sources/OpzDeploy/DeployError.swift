public import OpzIO

/// A deployment that would be wrong, or that Kubernetes would refuse.
public struct DeployError: ExplainedError {
  public enum Code: Sendable {
    case badName, badQuantity, badReplicas, badTarget, neverScales, notPinned, badPatch
  }

  public let code: Code
  /// The key of opz.yaml or the option.
  public let subject: String
  public let reason: String
  public let hint: String?

  public init(_ code: Code, _ subject: String, _ reason: String, hint: String? = nil) {
    self.code = code
    self.subject = subject
    self.reason = reason
    self.hint = hint
  }

  public var category: ErrorCategory { .failed }
}
