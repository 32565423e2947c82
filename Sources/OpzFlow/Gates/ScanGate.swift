import OpzIO
import OpzRegistry
import OpzTrust

/// Evaluates scanners' verdicts about the image.
///
/// If the policy names keys, only verdicts signed with one of them count. Otherwise, a clean verdict counts only if
/// this registry's own `opz scan` produced it or, for other scanners, if it was attached here; a bad verdict counts
/// wherever it came from, except one that only claims to be opz's. Of each scanner, the latest verdict counts, but a
/// clean one that nothing vouches for does not replace a bad one.
struct ScanGate: Sendable {
  private let question: GateContext
  private let asked: RegistryPolicy.Scan
  private let keys: [PolicyKeys.Named]

  /// A verdict that counts.
  private struct Found {
    let verdict: ScanVerdict
    let at: Timestamp
    /// `not signed`, `signed by keys/release.pub`.
    let who: String
    /// Whether a key or this registry's own scan vouches for it.
    let isTrusted: Bool
    /// Why it is bad; nil if it is clean.
    let problem: String?

    var isBad: Bool { problem != nil }
  }

  init(_ question: GateContext, _ asked: RegistryPolicy.Scan, keys: [PolicyKeys.Named]) {
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
    // Only clean verdicts are left here; at least one is required.
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

  /// The verdict with its standing; nil if it does not count.
  private func found(_ verdict: ScanVerdict, _ claim: AttachedClaim) -> Found? {
    let signers = keys.among(claim.signers)
    if !keys.isEmpty, signers.isEmpty { return nil }
    let isOwn = verdict.tool == ScanReport.tool
    let source = claim.attachment.source
    let isHere = source == .scan || (source == .here && !isOwn)
    // Anyone can claim to be opz, so only a verdict found here counts.
    if keys.isEmpty, isOwn, !isHere { return nil }
    let problem = problem(verdict, claim)
    if keys.isEmpty, !isHere, problem == nil { return nil }
    let attachedAt = claim.attachedAt ?? Timestamp(milliseconds: 0)
    // Without an end time, a verdict from elsewhere may be arbitrarily old.
    let ended = verdict.ended ?? (source == .scan || source == .here ? attachedAt : Timestamp(milliseconds: 0))
    let origin = source == .scan ? "found by this registry's own scan" : isHere ? "attached here" : "from elsewhere"
    return Found(
      verdict: verdict, at: min(ended, attachedAt),
      who: keys.isEmpty ? "not signed, \(origin)" : "signed by \(signers.names(","))",
      isTrusted: !keys.isEmpty || source == .scan, problem: problem)
  }

  private func problem(_ verdict: ScanVerdict, _ claim: AttachedClaim) -> String? {
    if question.isFuture(claim.attachedAt) { return "the verdict was attached in the future" }
    if let ended = verdict.ended, let attachedAt = claim.attachedAt {
      if question.isFuture(ended) { return "the verdict says that it ended in the future, at \(ended.seconds)" }
      if ended.milliseconds > attachedAt.milliseconds &+ GateContext.skew {
        return "the verdict says that it ended after it was attached, at \(ended.seconds)"
      }
    }
    if let image = verdict.image, image != question.version.record.image.digest {
      return "the verdict is about the image \(image.short)"
    }
    return verdict.problem
  }

  /// Which of two verdicts of one scanner stands.
  private static func lasting(_ old: Found, _ new: Found) -> Found {
    if old.isBad != new.isBad {
      let (bad, clean) = old.isBad ? (old, new) : (new, old)
      if !clean.isTrusted || bad.at >= clean.at { return bad }
      return clean
    }
    return new.at >= old.at ? new : old
  }

  // MARK: The policy's rules

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
      "\(found.verdict.tool): the verdict is from \(found.at.seconds), older than \(days) days",
      "opz scan \(question.version.record.reference) --attach" + (keys.isEmpty ? "" : " --key FILE"))
  }
}
