public import OpzDistribution
public import OpzIO

/// A push that ended early: what failed and why, what of it is at the registry, and the command that goes on.
public struct PushFailure: ExplainedError {
  /// What happened.
  public let cause: DistributionError
  /// Bytes that the registry has and that need not be sent again.
  public let safe: UInt64
  /// Bytes of the image's layers.
  public let total: UInt64
  /// The command that goes on.
  public let resume: String

  init(_ cause: DistributionError, safe: UInt64, of total: UInt64, resume: String) {
    self.cause = cause
    // Whole blobs, and what the registry has of the one that failed.
    self.safe = min(safe.addingReportingOverflow(cause.bytesSafe ?? 0).partialValue, total)
    self.total = total
    self.resume = resume
  }

  public var category: ErrorCategory { cause.category }
  public var subject: String { cause.subject }
  public var reason: String {
    "\(cause.reason); \(ByteCount.text(safe)) of \(ByteCount.text(total)) are safe"
  }

  public var hint: String? {
    let again = "\(resume) goes on from there"
    return cause.hint.map { "\($0); \(again)" } ?? again
  }
}
