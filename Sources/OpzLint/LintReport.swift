/// What a lint found, in the order of the files and their lines.
public struct LintReport: Sendable {
  /// Those that stand.
  public let findings: [Finding]
  /// Those that somebody allowed, with the reason.
  public let allowed: [Finding]
  public let files: Int
  public let objects: Int

  public func count(_ severity: Severity) -> Int { findings.count { $0.severity == severity } }
  /// Whether the manifests are refused.
  public var fails: Bool { findings.contains { $0.severity == .error } }
}
