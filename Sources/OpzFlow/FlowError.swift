public import OpzIO

/// The error of a use case that fails for a reason that no lower module reports.
public typealias FlowError = Failure<ErrorCategory>
