import OpzIO
public import OpzJSON
import OpzOCI
public import OpzRegistry
import SystemPackage

/// Moves an alias; every command does it through here. The gates of the registry's policy are evaluated first, and the
/// move fails if the state changed since. The decision and its evidence are recorded as an event.
public struct MoveAlias: Sendable {
  /// The command that moves the alias.
  public enum Way: Sendable {
    /// `opz promote`
    case promotion
    /// `opz alias` or an import.
    case plain
    /// `opz rollback`, to what an earlier move named.
    case rollBack(ModelState.Move)
  }

  /// The move that was made, and what each gate found.
  public struct Result: Sendable {
    public let change: Registry.AliasChange
    public let gates: [GateResult]
    /// Whether gates failed and were overridden.
    public let isForced: Bool
  }

  private let version: Registry.Version
  private let alias: AliasName
  private let way: Way
  private let session: Session

  /// What the alias must name now.
  public var expected = Registry.Expectation.anything
  /// Additional gates; they never replace the registry's own.
  public var added: RegistryPolicy?
  /// The reason to move the alias even if gates fail.
  public var force: Override?
  /// Further details for the event.
  public var details: [String: JSONValue] = [:]

  /// Prepares a move. No gate is evaluated before `check(_:)` or `run(_:)`.
  ///
  /// - Parameters:
  ///   - alias: the alias that should name `version`.
  ///   - way: the command that moves it, which decides which gates apply and which event is recorded.
  public init(_ version: Registry.Version, to alias: AliasName, _ way: Way, in session: Session) {
    self.version = version
    self.alias = alias
    self.way = way
    self.session = session
  }

  /// The results of the gates, and their input.
  private struct Evaluation: Sendable {
    let question: GateContext
    /// The digest of policy.yaml; nil if there is none.
    let policy: Digest?
    let gates: RegistryPolicy.Gates
    let results: [GateResult]

    var failed: [GateResult] { results.filter { !$0.passed } }
  }

  /// Evaluates the gates without moving anything.
  public func check(_ registry: Registry) async throws -> [GateResult] { try await evaluate(registry).results }

  /// - Throws: `FlowError` of category `refused`, with the failed gates and nothing changed; of category `conflict` if
  ///   others keep changing the model while the gates are evaluated.
  public func run(_ registry: Registry) async throws -> Result {
    for _ in 0..<MoveAlias.attempts {
      let evaluation = try await evaluate(registry)
      if force == nil, !evaluation.failed.isEmpty { throw refusal(evaluation.failed) }
      do {
        return try await blocking { [self] in try move(evaluation, registry) }
      } catch let error as RegistryError where error.code == .changed {
        continue
      }
    }
    throw FlowError(
      .conflict, "\(version.name)@\(alias)", reason: "others kept changing the model while its gates were evaluated",
      hint: "run the command again")
  }

  /// How often the gates are evaluated again after the model changed.
  private static let attempts = 8

  // MARK: Gates

  private func evaluate(_ registry: Registry) async throws -> Evaluation {
    let (question, policy) = try await blocking { [self] in
      let policy = try RegistryPolicy.of(registry)
      let snapshot = try registry.snapshot(version.name)
      let question = GateContext(
        registry: registry, version: version, alias: alias, snapshot: snapshot, policy: policy, session: session,
        author: session.author)
      return (question, policy)
    }
    if case .rollBack(let move) = way {
      try await blocking { [self] in try requireSameImage(move, question) }
    }
    let own = policy.promote[alias] ?? RegistryPolicy.Gates()
    // The alias does not move, so the gates do not apply.
    if case .plain = way, isCurrentTarget(question.state) {
      return Evaluation(question: question, policy: policy.digest, gates: own, results: [])
    }
    var results: [GateResult] = []
    for one in [policy] + (added.map { [$0] } ?? []) {
      guard var gates = one.promote[alias] else { continue }
      if case .rollBack = way { gates = gates.forRollback }
      do {
        results += try await GateCheck(gates, keys: one.directory ?? registry.root, question).results()
      } catch let error as any ExplainedError where force != nil {
        // A missing key or blob is a reason to use force, so it must not prevent it.
        results.append(GateResult(gate: "policy", passed: false, evidence: "\(error.subject): \(error.reason)"))
      }
    }
    return Evaluation(question: question, policy: policy.digest, gates: own, results: results)
  }

  /// A roll-back passes fewer gates than a promotion, because the image that it brings back passed them all. An image that was given the same number
  /// later did not.
  private func requireSameImage(_ move: ModelState.Move, _ question: GateContext) throws {
    guard let event = try question.registry.event(of: move, in: question.snapshot),
      event.image != version.record.image.digest
    else { return }
    throw FlowError(
      .conflict, "\(version.name)@\(alias)",
      reason: "the image that it named as \(version.version) was deleted, and the number is another image's now",
      hint: "opz promote \(version.record.reference) --to \(alias) moves it there through all gates")
  }

  private func isCurrentTarget(_ state: ModelState) -> Bool {
    state.target(alias) == version.version && !state.isConflicted(alias)
  }

  private func refusal(_ failed: [GateResult]) -> FlowError {
    var hints: [String] = []
    for hint in failed.compactMap(\.hint) where !hints.contains(hint) { hints.append(hint) }
    hints.append("the gates are in the registry's policy.yaml; opz promote --dry-run shows them all")
    hints.append("--force --reason TEXT overrides them, and the event records it")
    return FlowError(
      .refused, "\(version.record.reference) to \(alias)",
      reason: failed.map { "\($0.gate): \($0.evidence)" }.joined(separator: "; "),
      hint: hints.joined(separator: "\n      "))
  }

  // MARK: The move

  private func move(_ evaluation: Evaluation, _ registry: Registry) throws -> Result {
    let isForced = force != nil && !evaluation.failed.isEmpty
    let (details, author) = (try details(evaluation, isForced), evaluation.question.author)
    let premise = Registry.Premise(evaluation.question.snapshot) {
      try RegistryPolicy.digest(of: registry) == evaluation.policy
    }
    let change: Registry.AliasChange
    switch way {
    case .promotion:
      change = try registry.set(
        alias, to: version, expecting: expected, on: premise, repeats: try addsEvidence(evaluation, isForced),
        kind: .promoted,
        by: author, details: details)
    case .plain:
      change = try registry.set(
        alias, to: version, expecting: expected, on: premise, by: author, details: details)
    case .rollBack(let move):
      change = try registry.rollBack(alias, to: move, version, on: premise, by: author, details: details)
    }
    return Result(change: change, gates: evaluation.results, isForced: isForced)
  }

  /// Whether repeating a promotion adds information: the alias is at the version already, but its last move did not
  /// pass the gates.
  private func addsEvidence(_ evaluation: Evaluation, _ isForced: Bool) throws -> Bool {
    guard !isForced, isCurrentTarget(evaluation.question.state) else { return false }
    return try evaluation.question.state.tips(alias).contains {
      try FromAliasGate.doubt($0, alias, question: evaluation.question) != nil
    }
  }

  private func details(_ evaluation: Evaluation, _ isForced: Bool) throws -> [String: JSONValue] {
    var details = details
    if !evaluation.results.isEmpty { details["gates"] = try JSONValue(encoding: evaluation.results) }
    details["policy"] = evaluation.policy.map { .string($0.description) }
    details["addedPolicy"] = added?.digest.map { .string($0.description) }
    if !evaluation.gates.isEmpty { details["asked"] = .string(try evaluation.gates.digest().description) }
    if let force, isForced {
      details["forced"] = .bool(true)
      details["reason"] = .string(force.reason)
    }
    return details
  }
}
