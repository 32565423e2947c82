import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry

struct PromoteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "promote", abstract: "Moves an alias to a version after the gates of the registry's policy.",
    discussion: """
      policy.yaml in the registry (or --policy FILE) says what an alias asks for: thresholds of metrics, a gain over the \
      version in its place, passed tests, a clean commit, approvals, signatures, a bill of materials, clean scans. The decision and its evidence are an event. Exit code 5 \
      when a gate does not pass.

      promote:
        production: {metrics: {auc: ">= 0.9"}, better: {auc: 0.002}, tests: true, approvals: 1,
                     signature: {keys: [keys/release.pub]}, sbom: true, scan: clean}

      opz promote churn@1.2.0 --to production --dry-run
      opz promote churn@1.2.0 --to production --expect 1.1.0
      """)

  @Argument(help: "NAME@VERSION or NAME@ALIAS.") var reference: String
  @Option(help: ArgumentHelp("The alias that moves.", valueName: "alias")) var to: String
  @Option(help: ArgumentHelp("The gates; else policy.yaml in the registry.", valueName: "file")) var policy: String?
  @Option(help: ArgumentHelp("What the alias must name now: a version, or none.", valueName: "version")) var expect:
    String?
  @Flag(name: .customLong("dry-run"), help: "Show what the gates say, and move nothing.") var dryRun = false
  @Flag(help: "An object: name, version, alias, from, gates.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let name: String
    let version: String
    let alias: String
    let from: String?
    let promoted: Bool
    let gates: [GateResult]
  }

  func run() async throws {
    let session = options.session()
    let registry = try session.openRegistry()
    let version = try registry.find(LocalReference(parsing: reference))
    let alias = try AliasName(parsing: to)
    let gates = try PromoteVersion.policy(of: registry, policy.map { session.path($0) })
    let promotion = PromoteVersion(version, to: alias, policy: gates, in: session)
    if dryRun {
      let results = try await promotion.check(registry)
      try show(version, alias, registry.state(version.name).target(alias), results, promoted: false)
      if results.contains(where: { !$0.passed }) { throw ExitCode(ExitStatus.code(.refused)) }
      return
    }
    let result = try await promotion.run(registry, expecting: try Expectation.read(expect))
    try show(version, alias, result.change.from, result.gates, promoted: true)
    if !json { Console.line(AliasText.line(version.name, result.change)) }
  }

  private func show(
    _ version: Registry.Version, _ alias: AliasName, _ from: SemanticVersion?, _ gates: [GateResult], promoted: Bool
  ) throws {
    if json {
      return try Console.json(
        Output(
          name: version.name.description, version: version.version.description, alias: alias.description,
          from: from?.description, promoted: promoted, gates: gates))
    }
    guard !gates.isEmpty else { return options.note("no gates: policy.yaml asks for nothing before \(alias)") }
    var table = TextTable(["GATE", "", "EVIDENCE"])
    for gate in gates { table.add([gate.gate, gate.passed ? "pass" : "FAIL", gate.evidence]) }
    Console.data(table.text)
  }
}
