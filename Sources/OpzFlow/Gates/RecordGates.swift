import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry

/// The gates that evaluate the version's record, its events and other aliases.
///
/// If the policy requires a signature, metrics, commit and tests are taken only from a signed record and never from
/// later events, which anyone with write access could forge.
struct RecordGates: Sendable {
  private let question: GateContext
  private let gates: RegistryPolicy.Gates
  private let signature: SignatureGate?
  private let isSigned: Bool
  private let inPlace: [Registry.Version]
  /// References of the versions that the alias names now whose records are not signed.
  private let unsignedTargets: [String]

  init(
    _ question: GateContext, _ gates: RegistryPolicy.Gates, signature: SignatureGate?, isSigned: Bool,
    inPlace: [Registry.Version], unsignedTargets: [String]
  ) {
    self.question = question
    self.gates = gates
    self.signature = signature
    self.isSigned = isSigned
    self.inPlace = inPlace
    self.unsignedTargets = unsignedTargets
  }

  func results() throws -> [GateResult] {
    var results: [GateResult] = []
    if let from = gates.from { results.append(try FromAliasGate(question, from).result()) }
    let version = try settled(question.version)
    results += gates.metrics.map { wanted in signed("metrics.\(wanted.metric)") { threshold(wanted, version) } }
    if !gates.better.isEmpty {
      let others = try inPlace.map(settled)
      results += gates.better.map { gain in signed("better.\(gain.metric)") { better(gain, version, than: others) } }
    }
    if gates.tests {
      let events = try question.events()
      results.append(signed("tests") { tests(events) })
    }
    if gates.clean { results.append(signed("clean") { clean(version) }) }
    return results
  }

  /// Without a signature gate, settings that were packaged later count, as in `opz show`; they are never signed.
  private func settled(_ version: Registry.Version) throws -> Registry.Version {
    signature == nil ? try question.registry.current(version, in: question.state) : version
  }

  /// Runs a gate that relies on the record; fails if a signature is required and the record is not signed.
  private func signed(_ gate: String, _ check: () -> GateResult) -> GateResult {
    guard let signature, !isSigned else { return check() }
    return GateResult(
      gate: gate, passed: false,
      evidence: "the record is not signed by \(signature.keys.names(signature.any ? "or" : ","))",
      hint: "opz sign \(question.version.record.reference) --key FILE")
  }

  // MARK: Metrics

  private func metric(_ name: String, of version: Registry.Version) -> Double? {
    guard case .object(let members)? = version.record.lineage.metrics else { return nil }
    switch members[name] {
    case .integer(let number): return Double(number)
    case .number(let number): return number.isFinite ? number : nil
    default: return nil
    }
  }

  private func threshold(_ wanted: RegistryPolicy.Threshold, _ version: Registry.Version) -> GateResult {
    let gate = "metrics.\(wanted.metric)"
    guard let found = metric(wanted.metric, of: version) else {
      return GateResult(gate: gate, passed: false, evidence: "the version has no such metric")
    }
    let passed =
      switch wanted.comparison {
      case "<": found < wanted.value
      case "<=": found <= wanted.value
      case ">": found > wanted.value
      case ">=": found >= wanted.value
      default: found == wanted.value
      }
    let sign = passed ? "is" : "is not"
    return GateResult(gate: gate, passed: passed, evidence: "\(found) \(sign) \(wanted.comparison) \(wanted.value)")
  }

  /// Compares with each version that the alias names now; several if clones conflict.
  private func better(
    _ gain: RegistryPolicy.Gain, _ version: Registry.Version, than others: [Registry.Version]
  ) -> GateResult {
    let gate = "better.\(gain.metric)"
    func result(_ passed: Bool, _ evidence: String, hint: String? = nil) -> GateResult {
      GateResult(gate: gate, passed: passed, evidence: evidence, hint: hint)
    }
    if let other = unsignedTargets.first {
      return result(
        false, "the record of \(other), which the alias names now, is not signed", hint: "opz sign \(other) --key FILE")
    }
    let others = others.filter {
      $0.record.image.digest != version.record.image.digest || $0.version != version.version
    }
    guard !others.isEmpty else { return result(true, "the alias names no other version") }
    var evidence: [String] = []
    for other in others {
      guard let new = metric(gain.metric, of: version), let old = metric(gain.metric, of: other) else {
        return result(false, "\(version.version) and \(other.version) do not both have the metric")
      }
      let found = new - old
      let asked = gain.least < 0 ? "lower by at least \(-gain.least)" : "higher by at least \(gain.least)"
      let text = "\(new) against \(old) of \(other.version); required: \(asked)"
      guard gain.least < 0 ? found <= gain.least : found >= gain.least else { return result(false, text) }
      evidence.append(text)
    }
    return result(true, evidence.joined(separator: "; "))
  }

  // MARK: Tests and the commit

  private func tests(_ events: [Event]) -> GateResult {
    let hint = "opz test \(question.version.record.reference)"
    guard let last = events.last(where: { $0.kind == .tested }) else {
      return GateResult(gate: "tests", passed: false, evidence: "opz test has not been run on it", hint: hint)
    }
    if question.isFuture(Timestamp(last.at)) {
      return GateResult(
        gate: "tests", passed: false, evidence: "the last test is dated in the future, \(last.at)", hint: hint)
    }
    let passed = last.details["passed"] == .bool(true)
    return GateResult(gate: "tests", passed: passed, evidence: "\(passed ? "passed" : "failed") at \(last.at)")
  }

  private func clean(_ version: Registry.Version) -> GateResult {
    guard let git = version.record.lineage.git else {
      return GateResult(gate: "clean", passed: false, evidence: "it was not built from a git commit")
    }
    return GateResult(
      gate: "clean", passed: !git.dirty, evidence: git.dirty ? "\(git.commit) had uncommitted changes" : git.commit)
  }
}
