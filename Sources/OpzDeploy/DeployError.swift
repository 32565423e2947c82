public import OpzIO

/// A deployment that would not work, or that Kubernetes would reject.
public typealias DeployError = Failure<DeployErrorCode>

/// The kinds of `DeployError`.
public enum DeployErrorCode: FailureCode {
  case badName, badReplicas, badTarget, neverScales, notPinned, badPatch

  public var category: ErrorCategory { .failed }
}
