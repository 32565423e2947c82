import OpzIO
import OpzRegistry
import OpzTrust

/// Requires that `opz sql verify` proved the model's SQL in a database.
///
/// If the policy names keys, only results signed with one of them count. Otherwise, a good result counts only if it was
/// attached here; a bad one counts wherever it came from. Of each engine the latest result counts, but a good one that
/// nothing vouches for does not replace a bad one.
struct SQLGate: Sendable {
  private let question: GateContext
  private let asked: RegistryPolicy.SQL
  private let keys: [PolicyKeys.Named]

  /// A result that counts.
  private struct Found {
    let verdict: SQLVerdict
    let at: Timestamp
    /// `not signed, attached here`, `signed by keys/release.pub`.
    let who: String
    /// Why it is bad; nil if it is good.
    let problem: String?
  }

  init(_ question: GateContext, _ asked: RegistryPolicy.SQL, keys: [PolicyKeys.Named]) {
    self.question = question
    self.asked = asked
    self.keys = keys
  }

  func result(_ claims: [AttachedClaim]) -> GateResult {
    var last: [String: Found] = [:]
    for claim in claims {
      guard case .sqlVerification(let verdict) = claim.content, let found = found(verdict, claim) else { continue }
      last[verdict.engine] = last[verdict.engine].map { SQLGate.lasting($0, found) } ?? found
    }
    let who = keys.isEmpty ? " that was attached here" : " that \(keys.names()) signed"
    let wanted = asked.engines.isEmpty ? last.keys.sorted() : asked.engines
    guard !wanted.isEmpty else { return fail("no result of opz sql verify\(who) is attached", engine: nil) }
    if let engine = wanted.first(where: { last[$0] == nil }) {
      return fail("no result of opz sql verify in \(engine)\(who) is attached", engine: engine)
    }
    for (engine, found) in last.sorted(by: { $0.key < $1.key }) {
      if let problem = found.problem { return fail("\(engine): \(problem) (\(found.who))", engine: engine) }
    }
    let proven = wanted.compactMap { last[$0] }
    if let old = proven.first(where: isOld) {
      return fail(
        "\(old.verdict.engine): the result is from \(old.at.seconds), older than \(asked.days ?? 0) days",
        engine: old.verdict.engine)
    }
    let text = proven.map {
      "\($0.verdict.engine) \($0.verdict.engineVersion), \($0.verdict.values) values at \($0.at.seconds) (\($0.who))"
    }
    return GateResult(gate: "sql", passed: true, evidence: "as promised in \(text.joined(separator: ", "))")
  }

  private func fail(_ evidence: String, engine: String?) -> GateResult {
    GateResult(
      gate: "sql", passed: false, evidence: evidence,
      hint: "opz sql verify \(question.version.record.reference) --database "
        + (engine.map { SQLGate.example($0) } ?? "URL") + (keys.isEmpty ? "" : " --key FILE"))
  }

  /// A URL of an engine, for a hint.
  private static func example(_ engine: String) -> String {
    switch engine {
    case "sqlite", "duckdb": "\(engine):FILE"
    default: "\(engine)://USER@HOST/DATABASE"
    }
  }

  private func found(_ verdict: SQLVerdict, _ claim: AttachedClaim) -> Found? {
    let signers = keys.among(claim.signers)
    if !keys.isEmpty, signers.isEmpty { return nil }
    let isHere = claim.attachment.source == .here
    let problem = timeProblem(verdict, claim) ?? verdict.problem
    if keys.isEmpty, !isHere, problem == nil { return nil }
    let attachedAt = claim.attachedAt ?? Timestamp(milliseconds: 0)
    return Found(
      verdict: verdict, at: min(verdict.ended ?? attachedAt, attachedAt),
      who: keys.isEmpty
        ? "not signed, \(isHere ? "attached here" : "from elsewhere")" : "signed by \(signers.names(","))",
      problem: problem)
  }

  private func timeProblem(_ verdict: SQLVerdict, _ claim: AttachedClaim) -> String? {
    if question.isFuture(claim.attachedAt) { return "the result was attached in the future" }
    guard let ended = verdict.ended, let attachedAt = claim.attachedAt,
      ended.milliseconds > attachedAt.milliseconds &+ GateContext.skew
    else { return nil }
    return "the result says that it ended after it was attached, at \(ended.seconds)"
  }

  /// Which of two results of one engine stands. With keys, all that are found are signed; without, a good one was
  /// attached here: so the later one stands in either case.
  private static func lasting(_ old: Found, _ new: Found) -> Found { new.at >= old.at ? new : old }

  private func isOld(_ found: Found) -> Bool {
    guard let days = asked.days else { return false }
    return found.at.milliseconds < question.author.at.milliseconds &- Int64(days) * 86_400_000
  }
}
