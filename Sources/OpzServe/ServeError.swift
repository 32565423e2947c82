public import OpzIO

/// A server that cannot start: a wrong option, a model that does not load, an address that is taken.
public typealias ServeError = Failure<ServeErrorCode>

/// What keeps it from starting.
public enum ServeErrorCode: FailureCode {
  case badOption, badModel, cannotListen

  public var category: ErrorCategory {
    switch self {
    case .badOption: .usage
    case .badModel: .verification
    case .cannotListen: .failed
    }
  }
}
