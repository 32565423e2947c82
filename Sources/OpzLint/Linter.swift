public import OpzIO

/// Lints Kubernetes manifests from any source. All inputs are checked together, because objects refer to each other.
///
/// It blocks the calling thread and works on its own threads.
public struct Linter: Sendable {
  private let options: LintOptions
  private let rules: [any Rule]

  /// Creates a linter with the rules that `options` does not skip.
  public init(_ options: LintOptions = LintOptions()) {
    self.options = options
    rules = RuleBook.rules.filter { !options.allowed.contains($0.about.code) }
  }

  /// Lints a single text.
  /// - Returns: the findings that are not allowed.
  /// - Throws: `LintError`, see `run(_:)`.
  public static func lint(_ text: String, named name: String, _ options: LintOptions = LintOptions()) throws
    -> [Finding]
  {
    try Linter(options).run([LintInput(name, Array(text.utf8))]).findings
  }

  /// Lints all inputs together. Text that cannot be read is a finding, not an error.
  /// - Throws: `LintError` where no thread can be started.
  public func run(_ inputs: [LintInput]) throws -> LintReport {
    let sources = try DeepThreads.map(inputs.count, threads: options.threads) { LintSource(inputs[$0]) }
    let batches = sources.flatMap(\.batches)
    let read = try DeepThreads.map(batches.count, threads: options.threads) { batches[$0].read() }
    let objects = read.flatMap(\.objects)
    let set = ObjectSet(objects, options)
    let found = try DeepThreads.map(rules.count, threads: options.threads) { [rules] index in
      var findings = Findings(rules[index].about)
      rules[index].check(set, &findings)
      return findings.all
    }
    let all = sources.flatMap(\.findings) + read.flatMap(\.findings) + found.flatMap(\.self)
    let allowances = sources.flatMap(\.allowances) + objects.flatMap(Linter.allowances)
    return report(all, allowances, inputs: inputs, objects: objects.count)
  }

  private static func allowances(of object: LintObject) -> [Allowance] {
    let nodes = [
      object.root["metadata", "annotations"], object.root["spec", "template", "metadata", "annotations"],
    ]
    return nodes.compactMap { $0?[Allowance.annotation] }.flatMap { node in
      Allowance.read(node.text ?? "", file: object.file, place: node.place, scope: .object(object.title))
    }
  }

  private func report(
    _ found: [Finding], _ allowances: [Allowance], inputs: [LintInput], objects: Int
  ) -> LintReport {
    var (standing, allowed) = ([Finding](), [Finding]())
    var used: Set<Int> = []
    let byCode = Dictionary(grouping: allowances.indices, by: { allowances[$0].code })
    for finding in found {
      let covering = (byCode[finding.code] ?? []).filter { allowances[$0].covers(finding) }
      used.formUnion(covering)
      guard let reason = covering.map({ allowances[$0].reason }).first(where: { !$0.isEmpty }) else {
        standing.append(finding)
        continue
      }
      var finding = finding
      finding.allowed = reason
      allowed.append(finding)
    }
    standing += AllowanceRules.findings(allowances, used: used)
    let order = Dictionary(inputs.enumerated().map { ($1.name, $0) }) { first, _ in first }
    func sorted(_ findings: [Finding]) -> [Finding] {
      findings.filter { $0.severity >= options.minimum && !options.allowed.contains($0.code) }.sorted {
        ((order[$0.file] ?? 0), $0.line, $0.column, $0.code, $0.message)
          < ((order[$1.file] ?? 0), $1.line, $1.column, $1.code, $1.message)
      }
    }
    return LintReport(findings: sorted(standing), allowed: sorted(allowed), files: inputs.count, objects: objects)
  }
}

/// What to check for, and facts that the manifests do not contain.
public struct LintOptions: Sendable {
  /// The codes of rules that are skipped.
  public var allowed: Set<String> = []
  /// Findings below this severity are omitted.
  public var minimum = Severity.note
  /// The peak load in requests per second.
  public var need: Double?
  /// The requests per second that one pod can serve.
  public var perPod: Double?
  /// Seconds from a container's start to its first response.
  public var loadSeconds: Double?
  /// The number of threads that read and check.
  public var threads = Cores.count

  /// Creates options with all rules and no facts.
  public init() {}
}

/// A text to lint: a file, or standard input.
public struct LintInput: Sendable {
  /// The name in findings.
  public let name: String
  /// The content, which is YAML in UTF-8.
  public let bytes: [UInt8]

  /// Creates an input.
  /// - Parameters:
  ///   - name: the name in findings; `-` is standard input.
  ///   - bytes: YAML in UTF-8, at most 32 MiB.
  public init(_ name: String, _ bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }
}

/// A document that cannot be read, or an invalid request. The subject is `FILE:LINE:COLUMN` or an option.
public typealias LintError = Failure<ErrorCategory>
