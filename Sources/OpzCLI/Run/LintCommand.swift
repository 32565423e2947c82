public import ArgumentParser
import OpzFlow
import OpzIO
public import OpzLint
import OpzOCI

struct LintCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lint", abstract: "Finds faults in Kubernetes manifests, with proof.",
    discussion: """
      Checks any manifests together: autoscalers that never scale, budgets that block drains, probes that kill. An \
      annotation opz.dev/allow: "CODE: reason" or a comment # opz:allow CODE reason allows one. Exit code 5 if errors \
      remain.

      opz lint k8s
      helm template . | opz lint - --min-severity error
      opz lint --explain OPZ101
      """)

  @Argument(help: ArgumentHelp("Files, directories, or - for standard input.", valueName: "path"), completion: .file())
  var paths: [String] = []
  @Flag(help: "An object: findings, allowed, summary.") var json = false
  @Flag(help: "A SARIF 2.1.0 log.") var sarif = false
  @Option(help: ArgumentHelp("Print the page of a code, or with \"all\" the list of all codes.", valueName: "code"))
  var explain: String?
  @Option(help: ArgumentHelp("A code to skip; may be repeated.", valueName: "code")) var allow: [String] =
    []
  @Option(help: "The lowest severity to show: note, warning or error.") var minSeverity = Severity.note
  @Option(help: ArgumentHelp("Requests per second to serve.", valueName: "rps")) var need: Double?
  @Option(help: ArgumentHelp("Requests per second that one pod serves.", valueName: "rps")) var perPod: Double?
  @Option(help: ArgumentHelp("From a container's start to its first response.", valueName: "seconds")) var loadSeconds:
    Double?
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    if let explain { return try LintCommand.explain(explain) }
    guard !paths.isEmpty else {
      throw FlowError(
        .usage, "opz lint", reason: "nothing to lint",
        hint: "opz lint FILE, opz lint DIR, or helm template . | opz lint -")
    }
    let result = try await LintManifests(paths, settings(), in: options.session()).run()
    if sarif {
      try Console.json(LintDocument.sarif(result.report, version: Opz.version))
    } else if json {
      try Console.json(try LintDocument.json(result.report))
    } else {
      let text = LintText(result.report, result.inputs)
      Console.data(text.findings)
      options.note(text.summary)
    }
    if result.report.fails { throw ExitCode(ExitStatus.code(.refused)) }
  }

  private func settings() throws -> LintOptions {
    var settings = LintOptions()
    for code in allow {
      guard let about = RuleBook.about(code) else { throw LintCommand.unknown(code) }
      settings.allowed.insert(about.code)
    }
    for (name, value) in [("--need", need), ("--per-pod", perPod), ("--load-seconds", loadSeconds)] {
      guard let value, !(value.isFinite && value > 0) else { continue }
      throw FlowError(.usage, name, reason: "\(value) is not greater than 0")
    }
    if (need == nil) != (perPod == nil) {
      throw FlowError(
        .usage, "--need, --per-pod", reason: "both are required together", hint: "opz lint k8s --need 900 --per-pod 120"
      )
    }
    settings.minimum = minSeverity
    settings.need = need
    settings.perPod = perPod
    settings.loadSeconds = loadSeconds
    return settings
  }

  private static func explain(_ code: String) throws {
    if code == "all" {
      var table = TextTable(["CODE", "SEVERITY", "WHAT"])
      for about in RuleBook.all { table.add([about.code, about.severity.rawValue, about.title]) }
      return Console.data(table.text)
    }
    guard let about = RuleBook.about(code) else { throw unknown(code) }
    Console.data(about.page)
  }

  static func unknown(_ code: String) -> FlowError {
    FlowError(.usage, code, reason: "no rule has this code", hint: "opz lint --explain all lists them")
  }
}

extension Severity: ExpressibleByArgument {}
