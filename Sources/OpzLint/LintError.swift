public import OpzIO

/// A document that cannot be read, or an invalid request. The subject is `FILE:LINE:COLUMN` or an option.
public typealias LintError = Failure<ErrorCategory>
