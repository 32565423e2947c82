import OpzIO
import OpzRegistry
import OpzTrust
import SystemPackage

/// Evaluates the gates of one policy.
struct GateCheck {
  private let question: GateContext
  private let gates: RegistryPolicy.Gates
  private let keys: PolicyKeys

  /// - Parameter directory: the directory that the policy's key files are relative to.
  init(_ gates: RegistryPolicy.Gates, keys directory: FilePath, _ question: GateContext) throws {
    self.question = question
    self.gates = gates
    keys = try PolicyKeys(gates.keys, in: directory)
  }

  func results() async throws -> [GateResult] {
    if gates.isEmpty { return [] }
    let claims = try await claims(of: question.version)
    let signature = try gates.signature.map {
      SignatureGate(keys: try keys.named($0.keys), any: $0.any)
    }
    let better = gates.better.isEmpty ? [] : try await blocking { [question] in try question.inPlace() }
    var unsigned: [String] = []
    if let signature {
      for other in better where other.version != question.version.version {
        if !signature.coversRecord(try await self.claims(of: other)) { unsigned.append(other.record.reference) }
      }
    }
    let records = RecordGates(
      question, gates, signature: signature, isSigned: signature?.coversRecord(claims) ?? true, inPlace: better,
      unsignedTargets: unsigned)
    var results = try await blocking { try records.results() }
    if let asked = gates.approvals {
      let named = try keys.named(asked.keys)
      results.append(try await blocking { [question] in try ApprovalGate(question, asked, keys: named).result(claims) })
    }
    if let signature { results.append(signature.result(claims, question.version)) }
    if let asked = gates.sbom {
      results.append(SBOMGate(keys: try keys.named(asked.keys)).result(claims, question.version))
    }
    if let asked = gates.scan {
      results.append(ScanGate(question, asked, keys: try keys.named(asked.keys)).result(claims))
    }
    if let asked = gates.sql {
      results.append(SQLGate(question, asked, keys: try keys.named(asked.keys)).result(claims))
    }
    return results
  }

  /// The version's claims; none are read if no gate needs them.
  private func claims(of version: Registry.Version) async throws -> [AttachedClaim] {
    guard
      gates.signature != nil || gates.sbom != nil || gates.scan != nil || gates.sql != nil
        || gates.approvals?.keys.isEmpty == false
    else { return [] }
    return try await AttachedClaim.all(of: version, keys.all, question.registry, session: question.session)
  }
}
