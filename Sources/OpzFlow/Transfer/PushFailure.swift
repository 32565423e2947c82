public import OpzDistribution
public import OpzIO

/// A push that failed: the cause, how much the registry already has, and the command that resumes it.
public struct PushFailure: ExplainedError {
  /// The error that ended the push.
  public let cause: DistributionError
  /// Bytes that the registry has and that need not be sent again.
  public let safe: UInt64
  /// Bytes of the image's layers.
  public let total: UInt64
  /// The command that resumes the push.
  public let resume: String

  init(_ cause: DistributionError, safe: UInt64, of total: UInt64, resume: String) {
    self.cause = cause
    // Whole blobs, plus the uploaded part of the blob that failed.
    self.safe = min(safe.addingReportingOverflow(cause.bytesSafe ?? 0).partialValue, total)
    self.total = total
    self.resume = resume
  }

  public var category: ErrorCategory { cause.category }
  public var subject: String { cause.subject }
  public var reason: String {
    "\(cause.reason); \(ByteCount.text(safe)) of \(ByteCount.text(total)) are uploaded"
  }

  public var hint: String? {
    let again = "\(resume) resumes from there"
    return cause.hint.map { "\($0); \(again)" } ?? again
  }
}
