public import OpzIO

/// A name, label, quantity, schedule or time zone that Kubernetes would reject. The subject is the key or option that
/// the caller gave.
public typealias KubernetesError = Failure<KubernetesErrorCode>

/// The kinds of `KubernetesError`.
public enum KubernetesErrorCode: FailureCode {
  case badName, badQuantity, badSchedule, badTimeZone

  public var category: ErrorCategory { .failed }
}
