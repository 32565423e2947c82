import FoundationEssentials
import OpzIO
import OpzStore
import Synchronization
import SystemPackage
import Yams

/// What goes wrong: a personality, and rules. A file says it (registry/faults.schema.json).
struct FaultPlan: Sendable, Codable, Equatable {
  /// A name of `Personality.all`; nil for a registry that follows the spec.
  var personality: String?
  /// Takes the place of the personality's own limit: bytes, or pulls.
  var limit: UInt64?
  /// Seconds that a token lives; tokens are asked for then, whatever the personality does.
  var tokenSeconds: Int?
  var faults: [FaultRule]?

  init(personality: String? = nil, _ faults: [FaultRule] = []) {
    self.personality = personality
    self.faults = faults
  }

  /// Reads a plan. JSON is YAML too.
  /// - Throws: `HubError.badFaults`
  static func read(_ path: FilePath) throws -> FaultPlan {
    let bytes = try SmallFile.read(path, limit: 1 << 20)
    return try FaultPlan(yaml: String(decoding: bytes, as: UTF8.self), subject: path.string)
  }

  init(yaml text: String, subject: String) throws {
    do {
      try FaultPlan.checkKeys(text, subject)
      self = try YAMLDecoder().decode(FaultPlan.self, from: text)
    } catch let error as HubError {
      throw error
    } catch {
      throw FaultPlan.wrong(subject, FaultPlan.explain(error))
    }
    try check(subject)
  }

  /// A key that is written wrongly would be a fault that never strikes.
  private static func checkKeys(_ text: String, _ subject: String) throws {
    guard let node = try Yams.compose(yaml: text) else { throw wrong(subject, "the file is empty") }
    guard let top = node.mapping else { throw wrong(subject, "not a mapping") }
    try checkKeys(of: top, ["personality", "limit", "tokenSeconds", "faults"], subject)
    for rule in top["faults"]?.sequence ?? [] {
      guard let mapping = rule.mapping else { throw wrong(subject, "a rule is not a mapping") }
      let keys = ["fault", "stage", "kind", "method", "path", "at", "skip", "times", "seconds", "to"]
      try checkKeys(of: mapping, keys, subject)
    }
  }

  private static func checkKeys(of mapping: Node.Mapping, _ known: [String], _ subject: String) throws {
    for key in mapping.keys.map({ $0.string ?? "" }) where !known.contains(key) {
      throw wrong(subject, "\"\(key.prefix(100))\" is not known; there are \(known.joined(separator: ", "))")
    }
  }

  private func check(_ subject: String) throws {
    if let personality, Personality.named(personality) == nil {
      throw FaultPlan.wrong(
        subject,
        "no personality \"\(personality.prefix(100))\"; there are \(Personality.all.map(\.name).joined(separator: ", "))"
      )
    }
    if let tokenSeconds, tokenSeconds < 0 { throw FaultPlan.wrong(subject, "tokenSeconds is below 0") }
    for rule in faults ?? [] {
      if Fault.named(rule.fault) == nil {
        throw FaultPlan.wrong(subject, "no fault \"\(rule.fault.prefix(100))\"; opz registry faults lists them")
      }
      guard (rule.seconds ?? 0) >= 0, (rule.seconds ?? 0) <= 86_400, (rule.skip ?? 0) >= 0, (rule.times ?? 0) >= 0
      else {
        throw FaultPlan.wrong(subject, "\(rule.fault): skip and times are 0 or more, seconds 0 to 86400")
      }
      if let to = rule.to, !to.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) {
        throw FaultPlan.wrong(subject, "\(rule.fault): to is not an address")
      }
    }
  }

  private static func explain(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, _): "the key \"\(key.stringValue)\" is missing"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
      DecodingError.dataCorrupted(let context):
      "\(context.codingPath.map(\.stringValue).joined(separator: ".")): \(context.debugDescription)"
    default: "\(error)"
    }
  }

  private static func wrong(_ subject: String, _ reason: String) -> HubError {
    HubError(.badFaults, subject, reason, hint: "registry/FAULTS.md has examples; opz registry faults lists all names")
  }
}
