import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry

struct PromoteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "promote", abstract: "Moves an alias to a version that passes the gates of the registry's policy.",
    discussion: """
      policy.yaml in the registry says what an alias requires: thresholds of metrics, a gain over the version that it \
      names now, passed tests, a clean commit, approvals, signatures, a bill of materials, clean scans; --policy FILE \
      adds to it. The decision, its evidence and the policy's digest are recorded as an event. Exit code 5 if a gate \
      fails, 3 if the model keeps changing during the evaluation.

      promote:
        production: {metrics: {auc: ">= 0.9"}, better: {auc: 0.002}, tests: true, approvals: 1,
                     signature: {keys: [keys/release.pub]}, sbom: true, scan: clean}

      opz promote churn@1.2.0 --to production --dry-run
      opz promote churn@1.2.0 --to production --expect 1.1.0
      opz promote churn@1.2.0 --to production --force --reason "1.1.0 is down, ticket 4711"
      """)

  @Argument(help: "NAME@VERSION or NAME@ALIAS.", completion: RegistryNames.references) var reference: String
  @Option(help: ArgumentHelp("The alias to move.", valueName: "alias"), completion: RegistryNames.aliases) var to:
    String
  @Option(help: ArgumentHelp("Gates in addition to those of the registry's policy.yaml.", valueName: "file"))
  var policy: String?
  @Option(help: ArgumentHelp("What the alias must name now: a version, or none.", valueName: "version")) var expect:
    String?
  @Flag(name: .customLong("dry-run"), help: "Evaluate the gates, and move nothing.") var dryRun = false
  @OptionGroup var override: ForceOptions
  @Flag(help: "An object: name, version, alias, from, promoted, forced, gates.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let name: String
    let version: String
    let alias: String
    let from: String?
    let promoted: Bool
    /// Whether gates failed and were overridden.
    let forced: Bool
    let gates: [GateResult]
  }

  func run() async throws {
    let session = options.session()
    let registry = try session.openRegistry()
    let version = try registry.find(LocalReference(parsing: reference))
    let alias = try AliasName(parsing: to)
    var promotion = MoveAlias(version, to: alias, .promotion, in: session)
    promotion.added = try policy.map { try RegistryPolicy.read(session.path($0)) }
    promotion.expected = try Expectation.read(expect)
    promotion.force = try override.read()
    if dryRun {
      let results = try await promotion.check(registry)
      try show(
        version, alias, from: registry.state(version.name).target(alias), gates: results, promoted: false, forced: false
      )
      if results.contains(where: { !$0.passed }) { throw ExitCode(ExitStatus.code(.refused)) }
      return
    }
    let result = try await promotion.run(registry)
    try show(version, alias, from: result.change.from, gates: result.gates, promoted: true, forced: result.isForced)
    if !json { Console.line(AliasText.line(version.name, result.change)) }
  }

  private func show(
    _ version: Registry.Version, _ alias: AliasName, from: SemanticVersion?, gates: [GateResult], promoted: Bool,
    forced: Bool
  ) throws {
    if json {
      return try Console.json(
        Output(
          name: version.name.description, version: version.version.description, alias: alias.description,
          from: from?.description, promoted: promoted, forced: forced, gates: gates))
    }
    guard !gates.isEmpty else { return options.note("no gates: policy.yaml requires nothing for \(alias)") }
    Console.data(GateText.table(gates))
    if forced { options.note("the gates were overridden: --force") }
  }
}

/// Formats gate results for people.
enum GateText {
  static func table(_ gates: [GateResult]) -> String {
    var table = TextTable(["GATE", "", "EVIDENCE"])
    for gate in gates { table.add([gate.gate, gate.passed ? "pass" : "FAIL", gate.evidence]) }
    return table.text
  }

  /// Prints the gate results of a move that was not a promotion.
  static func note(_ result: MoveAlias.Result, _ options: GlobalOptions) {
    guard !result.gates.isEmpty else { return }
    let failed = result.gates.filter { !$0.passed }.map { "\($0.gate): \($0.evidence)" }
    options.note(
      result.isForced
        ? "overridden gates: \(failed.joined(separator: "; "))"
        : "passed \(result.gates.map(\.gate).joined(separator: ", "))")
  }
}
