import OpzJSON

/// One result of a run, and whether it counts (SARIF 2.1.0, 3.27).
struct SARIFResult {
  private let members: [String: JSONValue]

  init(_ members: [String: JSONValue]) { self.members = members }

  /// How bad it is; `unrated` for one that is suppressed, or that a comparison says is gone.
  /// - Throws: where it contradicts itself, whether it would count or not.
  func level(_ tool: SARIFTool, _ invocations: SARIFInvocations) throws(SARIFContradiction) -> SARIFLevel {
    let isFailure = try isFailure()
    let ruled = try ruledLevel(tool, invocations)
    let own = SARIFLevel(members["level"])
    if !isFailure, let own, own != .unrated {
      throw SARIFContradiction("it has a level, and is of a kind that has none")
    }
    if members["kind"] == .string("fail"), own == .unrated {
      throw SARIFContradiction("it is of the kind fail, and its level is none")
    }
    let (isAbsent, isSuppressed) = (try isAbsent(), try isSuppressed())
    return isAbsent || isSuppressed || !isFailure ? .unrated : own ?? ruled
  }

  /// `fail` is what a result without a kind is (3.27.9).
  private func isFailure() throws(SARIFContradiction) -> Bool {
    switch try JSONValue.sarifText(members["kind"], "kind") {
    case nil, "fail": return true
    case "pass", "open", "informational", "notApplicable", "review": return false
    case .some(let kind): throw SARIFContradiction("\(kind.prefix(40)) is no kind of result")
    }
  }

  /// What an earlier run had and this one did not find (3.27.24).
  private func isAbsent() throws(SARIFContradiction) -> Bool {
    switch try JSONValue.sarifText(members["baselineState"], "baselineState") {
    case nil, "new", "unchanged", "updated": return false
    case "absent": return true
    case .some(let state): throw SARIFContradiction("\(state.prefix(40)) is no baselineState")
    }
  }

  /// There is a suppression, and all are accepted (3.27.23 and 3.35).
  private func isSuppressed() throws(SARIFContradiction) -> Bool {
    guard let value = members["suppressions"], value != .null else { return false }
    guard case .array(let items) = value else { throw SARIFContradiction("its suppressions are no list") }
    var isAccepted = !items.isEmpty
    for item in items {
      guard case .object(let suppression) = item else { throw SARIFContradiction("a suppression is no object") }
      let kind = try JSONValue.sarifText(suppression["kind"], "suppression's kind")
      let status = try JSONValue.sarifText(suppression["status"], "suppression's status")
      if !["inSource", "external"].contains(kind) || !["accepted", nil].contains(status) { isAccepted = false }
    }
    return isAccepted
  }

  /// The level that its rule has where the result has none of its own (3.27.10): what the invocation that found it was told, else the rule's own, else
  /// `warning`. Where the result does not say which invocation found it, one that was told a worse level counts.
  private func ruledLevel(
    _ tool: SARIFTool, _ invocations: SARIFInvocations
  ) throws(SARIFContradiction) -> SARIFLevel {
    var reference: [String: JSONValue] = [:]
    if let value = members["rule"], value != .null {
      guard case .object(let rule) = value else { throw SARIFContradiction("its rule is no object") }
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
