import OpzIO
import OpzOCI
import OpzPackage
import OpzRegistry
import OpzTrust
import SystemPackage

/// The gates that look at what is attached: signatures, the bill of materials, scans. All by keys and blobs that are here.
struct TrustGates {
  private let version: Registry.Version
  private let gates: RegistryPolicy.Gates
  /// Where the policy's keys are looked up.
  private let directory: FilePath
  private let session: Session

  private typealias Attached = (evidence: Evidence, attachment: ModelState.Attachment)
  private typealias Named = (name: String, key: PublicKey)

  init(_ version: Registry.Version, _ gates: RegistryPolicy.Gates, keys directory: FilePath, in session: Session) {
    self.version = version
    self.gates = gates
    self.directory = directory
    self.session = session
  }

  func check(_ registry: Registry) async throws -> [GateResult] {
    guard gates.signature != nil || gates.sbom != nil || gates.scan != nil else { return [] }
    let all = try await VersionAttachments(version, session).evidence(registry)
    var results: [GateResult] = []
    if let asked = gates.signature { results.append(signature(all, try keys(asked.keys), any: asked.any)) }
    if let asked = gates.sbom { results.append(sbom(all, try keys(asked.keys))) }
    if let asked = gates.scan { results.append(scan(all, try keys(asked.keys), asked)) }
    return results
  }

  private func keys(_ files: [String]) throws -> [Named] {
    try KeyFiles.publicKeys(files.map { ($0, directory.pushing(FilePath($0))) })
  }

  private func signature(_ all: [Attached], _ keys: [Named], any: Bool) -> GateResult {
    let found = keys.compactMap { named -> String? in
      let last = all.last { $0.evidence.isSigned(by: named.key, as: .signature) }
      return last.map { "\(named.name) (\(named.key.fingerprint.short)) at \($0.attachment.at.prefix(19))Z" }
    }
    let missing = keys.filter { named in !all.contains { $0.evidence.isSigned(by: named.key, as: .signature) } }
    // A policy without keys asks for nothing that anybody could have.
    let passed = any ? !found.isEmpty : missing.isEmpty && !keys.isEmpty
    return GateResult(
      gate: "signature", passed: passed,
      evidence: passed
        ? "signed by \(found.joined(separator: ", "))"
        : "not signed by \(missing.map(\.name).joined(separator: any ? " or " : ", "))",
      hint: passed ? nil : "opz sign \(version.record.reference) --key FILE")
  }

  private func sbom(_ all: [Attached], _ keys: [Named]) -> GateResult {
    // One about another image, of another time or of an unknown version is broken, and has no document.
    let last = all.last {
      $0.evidence.document(.billOfMaterials, as: ModelBOM.mediaType, signedBy: keys.map(\.key)) != nil
    }
    let broken = all.compactMap(\.evidence.problem)
    let others = broken.first.map { "; \(broken.count) cannot be read: \($0)" } ?? ""
    let who = keys.isEmpty ? "" : " that \(keys.map(\.name).joined(separator: " or ")) signed"
    guard let last else {
      return GateResult(
        gate: "sbom", passed: false, evidence: "no CycloneDX document\(who) is attached\(others)",
        hint: "opz sbom \(version.record.reference) --attach" + (keys.isEmpty ? "" : " --key FILE"))
    }
    return GateResult(
      gate: "sbom", passed: true, evidence: "\(last.evidence.descriptor.digest) at \(last.attachment.at.prefix(19))Z")
  }

  /// The last verdict of each scanner counts: a scanner that found nothing does not speak for another that did.
  private func scan(_ all: [Attached], _ keys: [Named], _ asked: RegistryPolicy.Scan) -> GateResult {
    var last: [String: (verdict: ScanVerdict, at: Timestamp)] = [:]
    for (evidence, attachment) in all {
      guard
        let document = evidence.document(.scan, as: ScanVerdict.mediaType, signedBy: keys.map(\.key)),
        let verdicts = try? ScanVerdict.read(document, subject: "")
      else { continue }
      for verdict in verdicts {
        // A verdict that was pulled is as old as it says itself, and never newer than its coming here.
        let came = Timestamp(attachment.at) ?? Timestamp(milliseconds: 0)
        let at = min(verdict.ended ?? came, came)
        if let other = last[verdict.tool], other.at > at { continue }
        last[verdict.tool] = (verdict, at)
      }
    }
    let hint = "opz scan \(version.record.reference) --attach" + (keys.isEmpty ? "" : " --key FILE")
    func fail(_ evidence: String, _ hint: String) -> GateResult {
      GateResult(gate: "scan", passed: false, evidence: evidence, hint: hint)
    }
    let who = keys.isEmpty ? "" : " that \(keys.map(\.name).joined(separator: " or ")) signed"
    guard !last.isEmpty else { return fail("no verdict\(who) is attached", hint) }
    if let tool = asked.tools.first(where: { last[$0] == nil }) {
      let help = tool == ScanReport.tool ? hint : "opz attest \(version.record.reference) --type scan FILE.sarif"
      return fail("no verdict of \(tool)\(who) is attached", help)
    }
    let limit = asked.days.map { Timestamp(milliseconds: session.author.at.milliseconds &- Int64($0) &* 86_400_000) }
    for (tool, found) in last.sorted(by: { $0.key < $1.key }) {
      if let reason = found.verdict.problem {
        return fail("\(tool): \(reason)", "opz scan \(version.record.reference)")
      }
      if let limit, found.at < limit {
        return fail("\(tool): the verdict is of \(found.at.seconds), older than \(asked.days ?? 0) days", hint)
      }
    }
    let text = last.sorted { $0.key < $1.key }.map { "\($0.key) at \($0.value.at.seconds)" }
    return GateResult(gate: "scan", passed: true, evidence: "clean by \(text.joined(separator: ", "))")
  }
}
