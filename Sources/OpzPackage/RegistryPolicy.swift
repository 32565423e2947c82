import OpzIO
import OpzStore
import OpzYAML
public import SystemPackage

/// What a registry's `policy.yaml` asks for: the gates of a promotion, and how long versions are kept.
///
///     opz: 1
///     promote:
///       production:
///         from: staging                # the version holds this alias
///         metrics: {auc: ">= 0.9"}     # compared with the version's own
///         better: {auc: 0.002}         # than the one whose place it takes, by so much; -0.01: lower by so much
///         tests: true                  # the last opz test passed
///         clean: true                  # made from a commit without changes
///         approvals: 2                 # by others than the one who promotes
///         signature: {keys: [keys/release.pub]}   # beside policy.yaml; match: any takes one of them, all is the rule
///         sbom: true                   # CycloneDX is attached; {keys: [..]}: signed by one of them
///         scan: clean                  # the last verdict of each scanner; {tools: [opz], days: 30, keys: [..]}
///     retention: {last: 10, days: 90, tagged: true, aliased: true}
public struct RegistryPolicy: Sendable, Equatable {
  public struct Threshold: Sendable, Equatable {
    public let metric: String
    /// `<`, `<=`, `=`, `>=` or `>`.
    public let comparison: String
    public let value: Double
  }

  /// The gates before an alias.
  public struct Gates: Sendable, Equatable {
    public var from: String?
    public var metrics: [Threshold] = []
    /// Metric and the least gain; a negative one asks for a loss.
    public var better: [(metric: String, gain: Double)] = []
    public var tests = false
    public var clean = false
    public var approvals = 0
    public var signature: Signature?
    public var sbom: Attested?
    public var scan: Scan?

    public init() {}

    public static func == (one: Gates, other: Gates) -> Bool {
      one.from == other.from && one.metrics == other.metrics && one.better.map(\.metric) == other.better.map(\.metric)
        && one.better.map(\.gain) == other.better.map(\.gain) && one.tests == other.tests && one.clean == other.clean
        && one.approvals == other.approvals && one.sbom == other.sbom && one.signature == other.signature
        && one.scan == other.scan
    }
  }

  /// Who must have signed the image.
  public struct Signature: Sendable, Equatable {
    /// Files with public keys, from where policy.yaml is.
    public var keys: [String]
    /// Whether one of the keys is enough.
    public var any: Bool
  }

  /// A document that must be attached.
  public struct Attested: Sendable, Equatable {
    /// One of these must have signed it; empty where nobody need have.
    public var keys: [String]
  }

  /// What scanners must have said.
  public struct Scan: Sendable, Equatable {
    public var keys: [String]
    /// The oldest that a verdict may be.
    public var days: Int?
    /// Scanners that must have given one.
    public var tools: [String]
  }

  public struct Retention: Sendable, Equatable {
    public var last: Int?
    public var days: Int?
    public var tagged = true
    public var aliased = true
  }

  /// By alias.
  public var promote: [String: Gates] = [:]
  public var retention: Retention?
  /// Where its keys are looked up.
  public var directory: FilePath?

  public init() {}

  /// - Throws: `ConfigError` with all that is wrong.
  public static func read(_ path: FilePath) throws -> RegistryPolicy {
    let bytes = try SmallFile.read(path, limit: YAMLRules.settings.bytes)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ConfigError(path.string, "the text is not UTF-8", hint: "save the file as UTF-8")
    }
    var policy = try read(text, file: path.lastComponent?.string ?? "policy.yaml")
    policy.directory = path.removingLastComponent()
    return policy
  }

  public static func read(_ text: String, file: String) throws -> RegistryPolicy {
    let problems = KeyProblems(file: file)
    let root = YAMLScope(
      try ConfigError.reading(file) { () throws(YAMLProblem) in try YAMLReader.readOne(text, .settings) }, path: "",
      keys: ["opz", "promote", "retention"], problems)
    if root.integer("opz", in: 1...1) == nil, !root.has("opz") { root.require("opz", hint: "write opz: 1") }
    var policy = RegistryPolicy()
    if case .map(let aliases)? = root.node("promote")?.value {
      for alias in aliases { policy.promote[alias.key] = gates(alias.value, "promote.\(alias.key)", problems) }
    }
    if root.has("retention") {
      let scope = YAMLScope(
        root.node("retention"), path: "retention", keys: ["last", "days", "tagged", "aliased"], problems)
      policy.retention = Retention(
        last: scope.integer("last", in: 1...1_000_000), days: scope.integer("days", in: 0...100_000),
        tagged: scope.flag("tagged") ?? true, aliased: scope.flag("aliased") ?? true)
    }
    guard problems.all.isEmpty else { throw ConfigError(problems.all) }
    return policy
  }

  private static func gates(_ node: YAMLNode, _ path: String, _ problems: KeyProblems) -> Gates {
    let keys = ["from", "metrics", "better", "tests", "clean", "approvals", "sbom", "signature", "scan"]
    let scope = YAMLScope(node, path: path, keys: keys, problems)
    var gates = Gates()
    gates.from = scope.text("from")
    for (metric, text) in scope.dictionary("metrics").sorted(by: { $0.key < $1.key }) {
      if let threshold = threshold(metric, text) {
        gates.metrics.append(threshold)
      } else {
        scope.fail("metrics", "\"\(text)\" is no threshold", hint: "write \(metric): \">= 0.9\"")
      }
    }
    if case .map(let pairs)? = scope.node("better")?.value {
      for pair in pairs {
        let metric = pair.key
        if let gain = pair.value.written.flatMap(Double.init), gain.isFinite {
          gates.better.append((metric, gain))
        } else {
          scope.fail(
            "better", "\(metric) needs a number", hint: "write \(metric): 0.002, or -0.01 where less is better")
        }
      }
    } else if scope.has("better") {
      scope.fail("better", "a mapping of metrics to numbers belongs here")
    }
    gates.tests = scope.flag("tests") ?? false
    gates.clean = scope.flag("clean") ?? false
    gates.approvals = scope.integer("approvals", in: 0...100) ?? 0
    gates.signature = signature(scope, path, problems)
    gates.sbom = sbom(scope, path, problems)
    gates.scan = scan(scope, path, problems)
    return gates
  }

  private static func signature(_ scope: YAMLScope, _ path: String, _ problems: KeyProblems) -> Signature? {
    guard scope.has("signature") else { return nil }
    let hint = "write signature: {keys: [keys/release.pub]}; opz sign --generate-key makes a key"
    guard case .map? = scope.node("signature")?.value else {
      scope.fail("signature", "the keys that count are missing", hint: hint)
      return nil
    }
    let inner = YAMLScope(
      scope.node("signature"), path: "\(path).signature", keys: ["keys", "match"], problems)
    let keys = inner.texts("keys").map(\.text)
    if keys.isEmpty { inner.fail("keys", "no key can have signed it", hint: hint) }
    let match = inner.text("match") ?? "all"
    if !["all", "any"].contains(match) { inner.fail("match", "\"\(match)\" is neither all nor any") }
    return Signature(keys: keys, any: match == "any")
  }

  private static func sbom(_ scope: YAMLScope, _ path: String, _ problems: KeyProblems) -> Attested? {
    guard scope.has("sbom"), let node = scope.node("sbom") else { return nil }
    guard case .map = node.value else { return scope.flag("sbom") == true ? Attested(keys: []) : nil }
    let inner = YAMLScope(node, path: "\(path).sbom", keys: ["keys"], problems)
    return Attested(keys: inner.texts("keys").map(\.text))
  }

  private static func scan(_ scope: YAMLScope, _ path: String, _ problems: KeyProblems) -> Scan? {
    guard scope.has("scan"), let node = scope.node("scan") else { return nil }
    switch node.value {
    case .text("clean"): return Scan(keys: [], days: nil, tools: [])
    case .map:
      let inner = YAMLScope(node, path: "\(path).scan", keys: ["tools", "days", "keys"], problems)
      return Scan(
        keys: inner.texts("keys").map(\.text), days: inner.integer("days", in: 0...100_000),
        tools: inner.texts("tools").map(\.text))
    case .flag: return scope.flag("scan") == true ? Scan(keys: [], days: nil, tools: []) : nil
    default:
      scope.fail(
        "scan", "\(node.kind) where clean belongs", hint: "write scan: clean, or scan: {tools: [opz], days: 30}")
      return nil
    }
  }

  private static func threshold(_ metric: String, _ text: String) -> Threshold? {
    let trimmed = text.filter { $0 != " " }
    for comparison in ["<=", ">=", "==", "<", ">", "="] where trimmed.hasPrefix(comparison) {
      guard let value = Double(trimmed.dropFirst(comparison.count)), value.isFinite else { return nil }
      return Threshold(metric: metric, comparison: comparison == "==" ? "=" : comparison, value: value)
    }
    return nil
  }
}
