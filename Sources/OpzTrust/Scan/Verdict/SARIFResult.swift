import OpzJSON

/// One result of a run, and whether it counts (SARIF 2.1.0, 3.27).
struct SARIFResult {
  private let members: [String: JSONValue]

  init(_ members: [String: JSONValue]) { self.members = members }

  /// The level at which it counts; `unrated` if it does not: it is not a failure, it is suppressed, or an earlier run
  /// had it and this one did not.
  /// - Throws: if it contradicts itself, even if it would not count.
  func level(_ tool: SARIFTool, _ invocations: SARIFInvocations) throws(SARIFContradiction) -> SARIFLevel {
    let isFailure = try isFailure()
    let ruled = try levelFromRule(tool, invocations)
    let own = SARIFLevel(members["level"])
    if !isFailure, let own, own != .unrated {
      throw SARIFContradiction("it has a level, but its kind allows none")
    }
    if members["kind"] == .string("fail"), own == .unrated {
      throw SARIFContradiction("its kind is fail, but its level is none")
    }
    let (isAbsent, isSuppressed) = (try isAbsent(), try isSuppressed())
    return isAbsent || isSuppressed || !isFailure ? .unrated : own ?? ruled
  }

  /// A result without a kind is a failure (3.27.9).
  private func isFailure() throws(SARIFContradiction) -> Bool {
    switch try JSONValue.sarifText(members["kind"], "kind") {
    case nil, "fail": return true
    case "pass", "open", "informational", "notApplicable", "review": return false
    case .some(let kind): throw SARIFContradiction("\(kind.prefix(40)) is not a kind of result")
    }
  }

  /// Whether an earlier run had it and this one did not (3.27.24).
  private func isAbsent() throws(SARIFContradiction) -> Bool {
    switch try JSONValue.sarifText(members["baselineState"], "baselineState") {
    case nil, "new", "unchanged", "updated": return false
    case "absent": return true
    case .some(let state): throw SARIFContradiction("\(state.prefix(40)) is not a baselineState")
    }
  }

  /// Whether it has suppressions, and all are accepted (3.27.23 and 3.35).
  private func isSuppressed() throws(SARIFContradiction) -> Bool {
    guard let value = members["suppressions"], value != .null else { return false }
    guard case .array(let items) = value else { throw SARIFContradiction("its suppressions are not a list") }
    var isAccepted = !items.isEmpty
    for item in items {
      guard case .object(let suppression) = item else { throw SARIFContradiction("a suppression is not an object") }
      let kind = try JSONValue.sarifText(suppression["kind"], "suppression's kind")
      let status = try JSONValue.sarifText(suppression["status"], "suppression's status")
      if !["inSource", "external"].contains(kind) || !["accepted", nil].contains(status) { isAccepted = false }
    }
    return isAccepted
  }

  /// The level that its rule gives it if it has none of its own (3.27.10): as configured by the invocation that found
  /// it, else the rule's own, else `warning`. If the result does not name its invocation, the worst configured level
  /// counts.
  private func levelFromRule(
    _ tool: SARIFTool, _ invocations: SARIFInvocations
  ) throws(SARIFContradiction) -> SARIFLevel {
    var reference: [String: JSONValue] = [:]
    if let value = members["rule"], value != .null {
      guard case .object(let rule) = value else { throw SARIFContradiction("its rule is not an object") }
      reference = rule
    }
    let rule = try tool.find(reference, .rules, id: members["ruleId"], index: members["ruleIndex"])
    var index: Int?
    if case .object(let provenance)? = members["provenance"] {
      index = try JSONValue.sarifIndex(provenance["invocationIndex"], of: invocations.count, "invocationIndex")
    }
    let defaults = rule.places.compactMap { tool.descriptor($0, .rules).level }.max()
    let level = [defaults, tool.policyLevel(of: rule.id)].compactMap(\.self).max() ?? .warning
    if let index { return invocations.override(in: index, rule.places, rule.id) ?? level }
    return max(level, invocations.worstOverride(rule.places, rule.id) ?? .unrated)
  }
}
