import OpzIO
import OpzRegistry
import OpzTrust

/// Requires signatures of the image.
struct SignatureGate: Sendable {
  let keys: [PolicyKeys.Named]
  /// Whether one of the keys is enough.
  let any: Bool

  func result(_ claims: [AttachedClaim], _ version: Registry.Version) -> GateResult {
    var found: [String] = []
    var missing: [PolicyKeys.Named] = []
    for named in keys {
      let last = claims.last { claim in
        if case .signature = claim.content { claim.signers.contains(named.key) } else { false }
      }
      if let last {
        found.append("\(named.name) (\(named.key.fingerprint.short)) at \(last.attachment.at.prefix(19))Z")
      } else {
        missing.append(named)
      }
    }
    // A signature gate without keys must fail: an empty list is satisfied by anything.
    let passed = any ? !found.isEmpty : missing.isEmpty && !keys.isEmpty
    return GateResult(
      gate: "signature", passed: passed,
      evidence: passed
        ? "signed by \(found.joined(separator: ", "))" : "not signed by \(missing.names(any ? "or" : ","))",
      hint: passed ? nil : "opz sign \(version.record.reference) --key FILE")
  }

  /// Whether the required keys signed the version's record: all of them, or any if one is enough. A signature of the
  /// image alone does not cover metrics, tests and commit.
  func coversRecord(_ claims: [AttachedClaim]) -> Bool {
    func isSigned(_ named: PolicyKeys.Named) -> Bool {
      claims.contains { claim in
        if case .signature(coversRecord: true) = claim.content { claim.signers.contains(named.key) } else { false }
      }
    }
    return any ? keys.contains(where: isSigned) : !keys.isEmpty && keys.allSatisfy(isSigned)
  }
}

/// Requires an attached bill of materials.
struct SBOMGate: Sendable {
  let keys: [PolicyKeys.Named]

  func result(_ claims: [AttachedClaim], _ version: Registry.Version) -> GateResult {
    let last = claims.last { claim in
      guard case .billOfMaterials = claim.content else { return false }
      return keys.isEmpty || !keys.among(claim.signers).isEmpty
    }
    guard let last else {
      let who = keys.isEmpty ? "" : " that \(keys.names()) signed"
      // These include documents about another image, with an invalid time or of an unknown version.
      let broken = claims.compactMap { claim in if case .broken(let reason) = claim.content { reason } else { nil } }
      let others = broken.first.map { "; \(broken.count) cannot be read: \($0)" } ?? ""
      return GateResult(
        gate: "sbom", passed: false, evidence: "no CycloneDX document\(who) is attached\(others)",
        hint: "opz sbom \(version.record.reference) --attach" + (keys.isEmpty ? "" : " --key FILE"))
    }
    let who = keys.isEmpty ? "not signed" : "signed by \(keys.among(last.signers).names(","))"
    return GateResult(
      gate: "sbom", passed: true,
      evidence: "\(last.attachment.descriptor.digest) at \(last.attachment.at.prefix(19))Z, \(who)")
  }
}
