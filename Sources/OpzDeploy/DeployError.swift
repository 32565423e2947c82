public import OpzIO

/// A deployment that would be wrong, or that Kubernetes would refuse.
public typealias DeployError = Failure<DeployErrorCode>

/// What can be wrong.
public enum DeployErrorCode: FailureCode {
  case badName, badQuantity, badReplicas, badTarget, neverScales, notPinned, badPatch

  public var category: ErrorCategory { .failed }
}
