/// The result of one gate before an alias.
public struct GateResult: Sendable, Codable, Equatable {
  /// `metrics.auc`, `tests`, `approvals` ..
  public let gate: String
  public let passed: Bool
  /// What was compared, and on whose word: `0.91 >= 0.9`.
  public let evidence: String
  /// If the gate failed, the command that helps.
  public var hint: String?
}
