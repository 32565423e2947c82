/// One gate before an alias, and what it found.
public struct GateResult: Sendable, Codable, Equatable {
  /// `metrics.auc`, `tests`, `approvals` ..
  public let gate: String
  public let passed: Bool
  /// What was compared, and who says so: `0.91 >= 0.9`.
  public let evidence: String
  /// Of a gate that does not pass: the command that helps.
  public var hint: String?
}
