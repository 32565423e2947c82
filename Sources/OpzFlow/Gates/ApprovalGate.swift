import OpzIO
import OpzJSON
import OpzRegistry
import OpzTrust

/// Counts approvals: by unverified names of people, or by keys.
struct ApprovalGate {
  private let question: GateContext
  private let asked: RegistryPolicy.Approvals
  private let keys: [PolicyKeys.Named]

  init(_ question: GateContext, _ asked: RegistryPolicy.Approvals, keys: [PolicyKeys.Named]) {
    self.question = question
    self.asked = asked
    self.keys = keys
  }

  func result(_ claims: [AttachedClaim]) throws -> GateResult {
    let reference = question.version.record.reference
    guard keys.isEmpty else {
      let found = signed(claims)
      return result(
        found.map { "\($0.name) (\($0.key.fingerprint.short))" }, "signed, ",
        hint: "opz approve \(reference) --for \(question.alias) --key FILE")
    }
    let hint = "OPZ_ACTOR=NAME opz approve \(reference) --for \(question.alias)"
    // If the mover's name is invalid, their own approval cannot be excluded.
    guard let mover = FoldedName(question.author.actor) else {
      let problem = FoldedName.problem(question.author.actor) ?? ""
      return GateResult(
        gate: "approvals", passed: false, evidence: "the name of whoever moves the alias is invalid: \(problem)",
        hint: "set OPZ_ACTOR to a valid name")
    }
    return result(try people(but: mover).map(\.text), "not signed, ", hint: hint)
  }

  private func result(_ names: [String], _ how: String, hint: String) -> GateResult {
    GateResult(
      gate: "approvals", passed: names.count >= asked.count,
      evidence: "\(names.count) of \(asked.count)" + (names.isEmpty ? "" : " (\(how)\(names.joined(separator: ", ")))"),
      hint: names.count >= asked.count ? nil : hint)
  }

  /// The people who approved, without duplicates in different spelling and without the mover of the alias.
  private func people(but mover: FoldedName) throws -> [FoldedName] {
    let alias = JSONValue.string(question.alias.description)
    let events = try question.events().filter {
      $0.kind == .approved && $0.details["alias"] == alias && !question.isFuture(Timestamp($0.at))
    }
    return Set(events.compactMap { FoldedName($0.actor) }).subtracting([mover]).sorted { $0.text < $1.text }
  }

  /// The keys that signed an approval of this version for this alias.
  private func signed(_ claims: [AttachedClaim]) -> [PolicyKeys.Named] {
    let version = question.version
    return keys.filter { named in
      claims.contains { claim in
        guard case .approval(let approval) = claim.content, claim.signers.contains(named.key) else { return false }
        return approval.model == version.record.name && approval.version == version.record.version
          && approval.alias == question.alias.description && !question.isFuture(approval.at)
          && !question.isFuture(claim.attachedAt)
      }
    }
  }
}
