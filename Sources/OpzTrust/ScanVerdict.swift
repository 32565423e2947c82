public import OpzIO
public import OpzJSON
public import OpzOCI

/// What one scanner said of an image (SARIF 2.1.0, a run).
public struct ScanVerdict: Sendable, Hashable {
  public static let mediaType = MediaType("application/sarif+json")

  public let tool: String
  /// Results of the level `error` that are not suppressed.
  public let errors: Int
  public let warnings: Int
  /// When the scan ended, where the scanner says so.
  public let ended: Timestamp?
  /// Why the run is no verdict at all.
  public let failure: String?
  /// One of the errors, for people.
  private let example: String

  /// Why the image is not clean; nil where it is.
  public var problem: String? {
    if let failure { return failure }
    guard errors > 0 else { return nil }
    return
      "\(errors) result\(errors == 1 ? "" : "s") of the level error\(example.isEmpty ? "" : ", the first: \(example)")"
  }

  /// - Throws: `TrustError.malformed` for a document that is not SARIF 2.1.0, or has no run.
  public static func read(_ document: JSONValue, subject: String) throws -> [ScanVerdict] {
    try StrictJSON.check(document, .sarif, subject: subject)
    guard case .object(let members) = document, members["version"] == .string("2.1.0"),
      case .array(let runs)? = members["runs"]
    else { throw TrustError(.malformed, subject, "it is not SARIF 2.1.0") }
    guard !runs.isEmpty else { throw TrustError(.malformed, subject, "it has no run: nothing was scanned") }
    return try runs.map { try ScanVerdict($0, subject) }
  }

  private init(_ run: JSONValue, _ subject: String) throws {
    guard case .object(let members) = run, case .object(let tool)? = members["tool"],
      case .object(let driver)? = tool["driver"], case .string(let name)? = driver["name"], !name.isEmpty
    else { throw TrustError(.malformed, subject, "a run does not name its tool") }
    self.tool = name
    var levels = RuleLevels(driver)
    if case .array(let extensions)? = tool["extensions"] {
      for case .object(let component) in extensions { levels.add(component) }
    }
    var (errors, warnings, example) = (0, 0, "")
    ended = ScanVerdict.end(members["invocations"])
    var failure = ScanVerdict.failure(members["invocations"])
    if case .array(let results)? = members["results"] {
      for result in results {
        guard case .object(let result) = result else {
          throw TrustError(.malformed, subject, "a result is no object")
        }
        switch levels.level(of: result) {
        case "error":
          errors += 1
          if example.isEmpty { example = ScanVerdict.text(result) }
        case "warning": warnings += 1
        default: break
        }
      }
    } else {
      // Not an empty list: the scanner did not get so far.
      failure = failure ?? "the run has no results"
    }
    (self.errors, self.warnings, self.example, self.failure) = (errors, warnings, example, failure)
  }

  private static func failure(_ invocations: JSONValue?) -> String? {
    guard case .array(let items)? = invocations else { return nil }
    let failed = items.contains {
      if case .object(let members) = $0 { members["executionSuccessful"] == .bool(false) } else { false }
    }
    return failed ? "the scanner says that it failed" : nil
  }

  private static func end(_ invocations: JSONValue?) -> Timestamp? {
    guard case .array(let items)? = invocations else { return nil }
    return items.compactMap { item -> Timestamp? in
      guard case .object(let members) = item, case .string(let text)? = members["endTimeUtc"] else { return nil }
      return Timestamp(text)
    }.max()
  }

  private static func text(_ result: [String: JSONValue]) -> String {
    guard case .object(let message)? = result["message"], case .string(let text)? = message["text"] else { return "" }
    let line = text.prefix { $0 != "\n" }
    return line.count > 160 ? "\(line.prefix(160)).." : String(line)
  }
}

/// The level of a result: its own, else its rule's, else `warning` (SARIF 3.27.10).
private struct RuleLevels {
  private var byID: [String: String] = [:]
  private var byIndex: [String?] = []

  init(_ driver: [String: JSONValue]) {
    add(driver)
    guard case .array(let rules)? = driver["rules"] else { return }
    byIndex = rules.map { RuleLevels.level($0) }
  }

  mutating func add(_ component: [String: JSONValue]) {
    guard case .array(let rules)? = component["rules"] else { return }
    for rule in rules {
      guard case .object(let members) = rule, case .string(let id)? = members["id"] else { continue }
      // Of two rules with one name the worse counts.
      if let level = RuleLevels.level(rule), byID[id] != "error" { byID[id] = level }
    }
  }

  private static func level(_ rule: JSONValue) -> String? {
    guard case .object(let members) = rule, case .object(let defaults)? = members["defaultConfiguration"],
      case .string(let level)? = defaults["level"]
    else { return nil }
    return level
  }

  func level(of result: [String: JSONValue]) -> String {
    if isSuppressed(result["suppressions"]) { return "none" }
    if case .string(let kind)? = result["kind"], kind != "fail" { return "none" }
    if case .string(let level)? = result["level"] {
      // A level that SARIF does not have hides nothing.
      return ["none", "note", "warning"].contains(level) ? level : "error"
    }
    var named: String?
    if case .string(let id)? = result["ruleId"] {
      // `ID/part` is a rule of the same name.
      named = byID[id] ?? byID[String(id.prefix { $0 != "/" })]
    }
    if named == nil, case .integer(let index)? = result["ruleIndex"], let index = Int(exactly: index),
      byIndex.indices.contains(index)
    {
      named = byIndex[index]
    }
    return named ?? "warning"
  }

  /// All suppressions are accepted, and there is one (SARIF 3.27.23).
  private func isSuppressed(_ value: JSONValue?) -> Bool {
    guard case .array(let items)? = value, !items.isEmpty else { return false }
    return items.allSatisfy { item in
      guard case .object(let members) = item else { return false }
      return members["status"] == nil || members["status"] == .string("accepted")
    }
  }
}
