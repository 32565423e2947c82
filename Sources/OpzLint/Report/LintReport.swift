/// The findings of a run, sorted by file and line.
public struct LintReport: Sendable {
  /// The findings that are not allowed.
  public let findings: [Finding]
  /// The allowed findings, each with its reason.
  public let allowed: [Finding]
  /// The number of files that were linted.
  public let files: Int
  /// The number of objects that were read.
  public let objects: Int

  /// Returns the number of findings of a severity, without the allowed ones.
  public func count(_ severity: Severity) -> Int { findings.count { $0.severity == severity } }
  /// Whether there are errors.
  public var fails: Bool { findings.contains { $0.severity == .error } }
}
