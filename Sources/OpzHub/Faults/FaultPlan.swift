import OpzIO
import OpzStore
import OpzYAML
import SystemPackage

/// What a rehearsal makes go wrong: a personality and rules, read from a file (registry/faults.schema.json).
struct FaultPlan: Sendable, Equatable {
  /// A name of `RegistryProfile.all`; nil for a registry that follows the spec.
  var personality: String?
  /// Overrides the personality's own limit, in bytes or pulls.
  var limit: UInt64?
  /// Lifetime of a token in seconds. When set, tokens are required whatever the personality does.
  var tokenSeconds: Int?
  var faults: [FaultRule]?

  init(personality: String? = nil, _ faults: [FaultRule] = []) {
    self.personality = personality
    self.faults = faults
  }

  /// Reads a plan from YAML or JSON, which is a subset of YAML.
  /// - Throws: `HubError.badFaults`
  static func read(_ path: FilePath) throws -> FaultPlan {
    let bytes = try SmallFile.read(path, limit: YAMLRules.plan.bytes)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw wrong(path.string, "the text is not UTF-8")
    }
    return try FaultPlan(yaml: text, subject: path.string)
  }

  init(yaml text: String, subject: String) throws {
    let root: YAMLNode?
    do throws(YAMLProblem) { root = try YAMLReader.readOne(text, .plan) } catch {
      throw FaultPlan.wrong("\(subject):\(error.place.line)", error.reason)
    }
    guard let root, !root.isNull else { throw FaultPlan.wrong(subject, "the file is empty") }
    guard root.isMap else { throw FaultPlan.wrong(subject, "not a mapping") }
    let problems = KeyProblems(file: subject)
    let top = YAMLScope(root, path: "", keys: ["personality", "limit", "tokenSeconds", "faults"], problems)
    personality = top.text("personality")
    limit = top.integer("limit", in: 0...Int.max).map(UInt64.init)
    tokenSeconds = top.integer("tokenSeconds", in: 0...Int.max)
    let rules = top.scopes("faults", keys: FaultPlan.ruleKeys).compactMap(FaultPlan.rule)
    faults = top.has("faults") ? rules : nil
    if let first = problems.all.first {
      throw HubError(
        .badFaults, first.subject, reason: first.reason, hint: first.hint ?? FaultPlan.hint)
    }
    try check(subject)
  }

  private static let ruleKeys = [
    "fault", "stage", "kind", "method", "path", "at", "skip", "times", "seconds", "to",
  ]

  private static func rule(_ scope: YAMLScope) -> FaultRule? {
    guard let fault = scope.required("fault", hint: "write fault: cut; opz registry faults lists all names") else {
      return nil
    }
    var rule = FaultRule(fault)
    rule.stage = scope.choice("stage")
    rule.kind = scope.choice("kind")
    rule.method = scope.text("method")
    rule.path = scope.text("path")
    rule.at = scope.integer("at", in: 0...Int.max).map(UInt64.init)
    rule.skip = scope.integer("skip", in: 0...Int.max)
    rule.times = scope.integer("times", in: 0...Int.max)
    rule.seconds = scope.number("seconds", in: 0...86_400)
    rule.to = scope.text("to")
    return rule
  }

  private func check(_ subject: String) throws {
    if let personality, RegistryProfile.named(personality) == nil {
      throw FaultPlan.wrong(
        subject,
        "unknown personality \"\(personality.prefix(100))\"; write one of \(RegistryProfile.all.map(\.name).joined(separator: ", "))"
      )
    }
    for rule in faults ?? [] {
      if Fault.named(rule.fault) == nil {
        throw FaultPlan.wrong(subject, "unknown fault \"\(rule.fault.prefix(100))\"; opz registry faults lists them")
      }
      if let to = rule.to, !to.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) {
        throw FaultPlan.wrong(subject, "\(rule.fault): to is not an address")
      }
    }
  }

  private static let hint = "docs/reference/faults.md has examples; opz registry faults lists all names"

  private static func wrong(_ subject: String, _ reason: String) -> HubError {
    HubError(.badFaults, subject, reason: reason, hint: hint)
  }
}

extension YAMLRules {
  /// JSON plans are read by the same rules.
  fileprivate static let plan = YAMLRules(
    bytes: 1 << 20, depth: 64, allowsAliases: false, allowsTags: false, refusesAmbiguous: true)
}
