public import OpzIO

/// A use case that cannot go on, for a reason that no module below knows.
public typealias FlowError = Failure<ErrorCategory>
