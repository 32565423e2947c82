public import OpzIO

/// A document that cannot be read, or a question that makes no sense. The subject is `FILE:LINE:COLUMN`, or an option.
public typealias LintError = Failure<ErrorCategory>
