public import OpzIO

/// Workers that cannot start, or that do not fit into the memory.
public typealias WorkerFailure = Failure<WorkerFailureCode>

/// What keeps workers from serving.
public enum WorkerFailureCode: FailureCode {
  /// The program does not start.
  case start
  /// The worker cannot load the model.
  case load
  /// It speaks another protocol.
  case `protocol`
  /// They need more memory than there is.
  case memory

  public var category: ErrorCategory {
    switch self {
    case .start, .memory: .failed
    case .load, .protocol: .verification
    }
  }
}
