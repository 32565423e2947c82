import OpzIO
import OpzJSON
import OpzOCI
public import OpzPackage
public import OpzRegistry
public import SystemPackage

/// One gate of a promotion, and what it found.
public struct GateResult: Sendable, Codable, Equatable {
  /// `metrics.auc`, `tests`, `approvals` ..
  public let gate: String
  public let passed: Bool
  /// What was compared: `0.91 >= 0.9`.
  public let evidence: String
  /// Of a gate that does not pass: the command that helps.
  public var hint: String?
}

/// `opz promote`: an alias moves to a version after the gates of the registry's policy; the decision and its evidence are an event.
public struct PromoteVersion: Sendable {
  public struct Result: Sendable {
    public let change: Registry.AliasChange
    public let gates: [GateResult]
    public let version: Registry.Version
  }

  private let version: Registry.Version
  private let alias: AliasName
  private let gates: RegistryPolicy.Gates
  /// Where the policy's keys are.
  private let keys: FilePath?
  private let session: Session

  /// - Parameter policy: nil for the registry's own `policy.yaml`; none asks for nothing.
  public init(
    _ version: Registry.Version, to alias: AliasName, policy: RegistryPolicy, in session: Session
  ) {
    self.version = version
    self.alias = alias
    self.session = session
    gates = policy.promote[alias.description] ?? RegistryPolicy.Gates()
    keys = policy.directory
  }

  /// The policy of a registry: `policy.yaml` in it, or an empty one.
  public static func policy(of registry: Registry, _ file: FilePath? = nil) throws -> RegistryPolicy {
    let path = file ?? registry.root.appending("policy.yaml")
    guard try file != nil || FileStatus.find(path) != nil else { return RegistryPolicy() }
    return try RegistryPolicy.read(path)
  }

  /// What each gate says, without moving anything.
  public func check(_ registry: Registry) async throws -> [GateResult] {
    try await blocking { [self] in try checkRecords(registry) }
      + TrustGates(version, gates, keys: keys ?? registry.root, in: session).check(registry)
  }

  /// The gates that look at records and events.
  private func checkRecords(_ registry: Registry) throws -> [GateResult] {
    let state = try registry.state(version.name)
    let events = try registry.log(version.name).entries().map(\.event).filter {
      $0.version == version.version.description && $0.image == version.record.image.digest
    }
    // Metrics that were packaged later count, as `opz show` has them.
    let now = try registry.current(version, in: state)
    let current = try state.target(alias).map {
      try registry.current(registry.find(LocalReference(version.name, .version($0)), in: state), in: state)
    }
    var results: [GateResult] = []
    if let from = gates.from {
      let holds = AliasName(from).map { state.aliases(of: version.version).contains($0) } ?? false
      results.append(
        GateResult(gate: "from", passed: holds, evidence: holds ? "\(from) names it" : "\(from) does not name it"))
    }
    results += gates.metrics.map { threshold($0, now) }
    results += gates.better.map { gain($0.metric, $0.gain, now, over: current) }
    if gates.tests { results.append(tests(events)) }
    if gates.clean { results.append(clean()) }
    if gates.approvals > 0 { results.append(approvals(events)) }
    return results
  }

  /// - Throws: `FlowError` of category `refused` with the gates that do not pass; nothing is changed then.
  public func run(_ registry: Registry, expecting expected: Registry.Expectation = .anything) async throws -> Result {
    let results = try await check(registry)
    let failed = results.filter { !$0.passed }
    guard failed.isEmpty else {
      let hints =
        failed.compactMap(\.hint) + ["policy.yaml in the registry has the gates; opz promote --dry-run shows them all"]
      throw FlowError(
        .refused, "\(version.record.reference) to \(alias)",
        failed.map { "\($0.gate): \($0.evidence)" }.joined(separator: "; "), hint: hints.joined(separator: "\n      "))
    }
    return try await blocking { [self] in
      var details: [String: JSONValue] = [:]
      if !results.isEmpty { details["gates"] = try JSONValue(encoding: results) }
      let change = try registry.set(
        alias, to: version, expecting: expected, kind: .promoted, by: session.author, details: details)
      return Result(change: change, gates: results, version: version)
    }
  }

  // MARK: Gates

  private func metric(_ name: String, of version: Registry.Version) -> Double? {
    guard case .object(let members)? = version.record.lineage.metrics else { return nil }
    switch members[name] {
    case .integer(let number): return Double(number)
    case .number(let number): return number
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

  private func gain(
    _ name: String, _ least: Double, _ version: Registry.Version, over current: Registry.Version?
  ) -> GateResult {
    let gate = "better.\(name)"
    guard let current, current.version != version.version else {
      return GateResult(gate: gate, passed: true, evidence: "no version is in its place")
    }
    guard let new = metric(name, of: version), let old = metric(name, of: current) else {
      return GateResult(
        gate: gate, passed: false, evidence: "\(version.version) and \(current.version) do not both have the metric")
    }
    let gain = new - old
    let passed = least < 0 ? gain <= least : gain >= least
    let asked = least < 0 ? "lower by at least \(-least)" : "higher by at least \(least)"
    return GateResult(
      gate: gate, passed: passed, evidence: "\(new) against \(old) of \(current.version); \(asked) is asked for")
  }

  private func tests(_ events: [Event]) -> GateResult {
    guard let last = events.last(where: { $0.kind == .tested }) else {
      return GateResult(gate: "tests", passed: false, evidence: "opz test has not been run on it")
    }
    let passed = last.details["passed"] == .bool(true)
    return GateResult(gate: "tests", passed: passed, evidence: "\(passed ? "passed" : "failed") at \(last.at)")
  }

  private func clean() -> GateResult {
    guard let git = version.record.lineage.git else {
      return GateResult(gate: "clean", passed: false, evidence: "it was not made from a git commit")
    }
    return GateResult(
      gate: "clean", passed: !git.dirty, evidence: git.dirty ? "\(git.commit) had changes" : git.commit)
  }

  private func approvals(_ events: [Event]) -> GateResult {
    let author = session.author.actor
    let names = Set(
      events.filter { $0.kind == .approved && $0.details["alias"] == .string(alias.description) }.map(\.actor)
    ).subtracting([author]).sorted()
    return GateResult(
      gate: "approvals", passed: names.count >= gates.approvals,
      evidence: "\(names.count) of \(gates.approvals)" + (names.isEmpty ? "" : " (\(names.joined(separator: ", ")))"))
  }
}
