import OpzIO
import OpzRegistry
import OpzTrust

/// What scanners said of the image.
///
/// Where the policy names keys, only what one of them signed counts. Where it does not, a verdict of opz counts if this registry's own scan found it; of
/// another scanner, if a command here attached it; and one that is not signed and came from elsewhere counts where it is bad, and never where it is
/// good. The last verdict of each scanner counts; but one that is not signed and not found here takes no bad one's place.
struct ScanGate: Sendable {
  private let question: GateQuestion
  private let asked: RegistryPolicy.Scan
  private let keys: [PolicyKeys.Named]

  /// A verdict that counts.
  private struct Found {
    let verdict: ScanVerdict
    let at: Timestamp
    /// `not signed`, `signed by keys/release.pub`.
    let who: String
    /// A key, or this registry's own scan, vouches for it.
    let isVouched: Bool
    /// Why it does not pass, whatever its results are.
    let problem: String?

    var isBad: Bool { problem != nil }
  }

  init(_ question: GateQuestion, _ asked: RegistryPolicy.Scan, _ keys: [PolicyKeys.Named]) {
    self.question = question
    self.asked = asked
    self.keys = keys
  }

  func result(_ claims: [AttachedClaim]) -> GateResult {
    var last: [String: Found] = [:]
    for claim in claims {
      guard case .verdicts(let verdicts) = claim.content else { continue }
      for verdict in verdicts {
        guard let found = found(verdict, claim) else { continue }
        last[verdict.tool] = last[verdict.tool].map { ScanGate.lasting($0, found) } ?? found
      }
    }
    let reference = question.version.record.reference
    let hint = "opz scan \(reference) --attach" + (keys.isEmpty ? "" : " --key FILE")
    let who = keys.isEmpty ? " that this registry made" : " that \(keys.names()) signed"
    guard !last.isEmpty else { return fail("no verdict\(who) is attached", hint) }
    if let tool = asked.tools.first(where: { last[$0] == nil }) {
      let help = tool == ScanReport.tool ? hint : "opz attest \(reference) --type scan FILE.sarif"
      return fail("no verdict of \(tool)\(who) is attached", help)
    }
    for (tool, found) in last.sorted(by: { $0.key < $1.key }) {
      if let problem = found.problem {
        return fail("\(tool): \(problem) (\(found.who))", "opz scan \(reference)")
      }
      if let result = forbidden(found.verdict) ?? old(found) { return result }
    }
    // Bad ones alone are no verdict; here all that is left is clean.
    guard last.values.contains(where: { !$0.isBad }) else { return fail("no verdict\(who) is attached", hint) }
    let text = last.sorted { $0.key < $1.key }.map { tool, found in
      let allowed = found.verdict.allowed.isEmpty ? "" : ", allowing \(found.verdict.allowed.joined(separator: " "))"
      return "\(tool) at \(found.at.seconds) (\(found.who)\(allowed))"
    }
    return GateResult(gate: "scan", passed: true, evidence: "clean by \(text.joined(separator: ", "))")
  }

  private func fail(_ evidence: String, _ hint: String) -> GateResult {
    GateResult(gate: "scan", passed: false, evidence: evidence, hint: hint)
  }

  // MARK: One verdict

  /// Nil where it does not count.
  private func found(_ verdict: ScanVerdict, _ claim: AttachedClaim) -> Found? {
    let signers = keys.among(claim.signers)
    if !keys.isEmpty, signers.isEmpty { return nil }
    let isOwn = verdict.tool == ScanReport.tool
    let source = claim.attachment.source
    let isHere = source == .scan || (source == .here && !isOwn)
    // What calls itself opz and was not found here is anybody's.
    if keys.isEmpty, isOwn, !isHere { return nil }
    let problem = problem(verdict, claim)
    if keys.isEmpty, !isHere, problem == nil { return nil }
    let came = claim.came ?? Timestamp(milliseconds: 0)
    // One that does not say when it ended may be of any time, unless it was made here.
    let ended = verdict.ended ?? (source == .scan || source == .here ? came : Timestamp(milliseconds: 0))
    let origin = source == .scan ? "found by this registry's own scan" : isHere ? "attached here" : "from elsewhere"
    return Found(
      verdict: verdict, at: min(ended, came),
      who: keys.isEmpty ? "not signed, \(origin)" : "signed by \(signers.names(","))",
      isVouched: !keys.isEmpty || source == .scan, problem: problem)
  }

  private func problem(_ verdict: ScanVerdict, _ claim: AttachedClaim) -> String? {
    if question.isFuture(claim.came) { return "the verdict was attached in the future" }
    if let ended = verdict.ended, let came = claim.came {
      if question.isFuture(ended) { return "the verdict says that it ended in the future, at \(ended.seconds)" }
      if ended.milliseconds > came.milliseconds &+ GateQuestion.skew {
        return "the verdict says that it ended after it was attached, at \(ended.seconds)"
      }
    }
    if let image = verdict.image, image != question.version.record.image.digest {
      return "the verdict is about the image \(image.short)"
    }
    return verdict.problem
  }

  /// Of two verdicts of one scanner.
  private static func lasting(_ old: Found, _ new: Found) -> Found {
    if old.isBad != new.isBad {
      let (bad, clean) = old.isBad ? (old, new) : (new, old)
      if !clean.isVouched || bad.at >= clean.at { return bad }
      return clean
    }
    return new.at >= old.at ? new : old
  }

  // MARK: What the policy says of it

  private func forbidden(_ verdict: ScanVerdict) -> GateResult? {
    let forbidden = verdict.allowed.filter { name in !asked.allow.contains { PickleAllowlist.covers($0, name) } }
    guard !forbidden.isEmpty else { return nil }
    return fail(
      "\(verdict.tool): it was scanned with --allow \(forbidden.joined(separator: " ")), which the policy does not allow",
      "scan: {allow: [\(forbidden.joined(separator: ", "))]} in policy.yaml allows it; opz scan without --allow shows it"
    )
  }

  private func old(_ found: Found) -> GateResult? {
    guard let days = asked.days else { return nil }
    let limit = question.author.at.milliseconds &- Int64(days) * 86_400_000
    guard found.at.milliseconds < limit else { return nil }
    return fail(
      "\(found.verdict.tool): the verdict is of \(found.at.seconds), older than \(days) days",
      "opz scan \(question.version.record.reference) --attach" + (keys.isEmpty ? "" : " --key FILE"))
  }
}
