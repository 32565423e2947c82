import OpzIO
import OpzJSON
import OpzRegistry

/// Requires that another alias names the version and moved there through its own gates.
///
/// An alias with gates counts if the move passed those that the policy has now; an alias without gates counts if `opz
/// promote` moved it. A forced move does not count, and neither does `opz alias` on an alias without gates.
struct FromAliasGate {
  private let question: GateContext
  private let alias: AliasName?
  private let name: String

  init(_ question: GateContext, _ name: String) {
    self.question = question
    self.name = name
    alias = AliasName(name)
  }

  func result() throws -> GateResult {
    func result(_ passed: Bool, _ evidence: String) -> GateResult {
      GateResult(
        gate: "from", passed: passed, evidence: evidence,
        hint: passed ? nil : "opz promote \(question.version.record.reference) --to \(name)")
    }
    let tips = alias.map(question.state.tips) ?? []
    guard let alias, !tips.isEmpty, tips.allSatisfy({ $0.version == question.version.version }) else {
      return result(false, "\(name) does not name it")
    }
    for tip in tips {
      if let reason = try FromAliasGate.doubt(tip, alias, question: question) {
        return result(false, "\(name) names it, but \(reason)")
      }
    }
    return result(true, "\(name) has named it since \(tips[0].at.prefix(19))Z, through its gates")
  }

  /// Why a move of an alias does not count; nil if it passed the gates that the registry's policy has for the alias.
  static func doubt(_ move: ModelState.Move, _ alias: AliasName, question: GateContext) throws -> String? {
    guard let event = try question.registry.event(of: move, in: question.snapshot) else {
      return "its event is missing"
    }
    if event.details["forced"] != nil { return "was moved by force" }
    if event.image != question.version.record.image.digest { return "was moved to another image" }
    if question.isFuture(Timestamp(move.at)) { return "was moved in the future, at \(move.at)" }
    if move.kind == .rolledBack {
      // A rollback passes fewer gates, so the original move that it restored must have passed all of them.
      let original = question.state.moves[alias]?.first { $0.hash == move.restores && $0.kind != .rolledBack }
      guard let original, original.version == move.version else {
        return "the move that its rollback restored is missing"
      }
      return try doubt(original, alias, question: question)
    }
    let gates = question.policy.promote[alias] ?? RegistryPolicy.Gates()
    if gates.isEmpty { return move.kind == .promoted ? nil : "had no gates when it was set (opz alias)" }
    guard event.details["asked"] == .string(try gates.digest().description) else {
      return "was moved before the policy had these gates for it"
    }
    return nil
  }
}
