public import OpzIO

/// A hub that cannot start, or a file of faults that cannot be read.
public typealias HubError = Failure<HubErrorCode>

/// What keeps it from starting.
public enum HubErrorCode: FailureCode {
  case badOption, cannotListen, badFaults

  public var category: ErrorCategory {
    switch self {
    case .badOption, .badFaults: .usage
    case .cannotListen: .failed
    }
  }
}
