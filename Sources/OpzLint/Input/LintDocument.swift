public import OpzJSON
import OpzOCI

/// Renders a report in machine-readable formats.
public enum LintDocument {
  private struct Report: Encodable {
    struct Summary: Encodable {
      let errors: Int
      let warnings: Int
      let notes: Int
      let allowed: Int
      let files: Int
      let objects: Int
    }

    let findings: [Finding]
    let allowed: [Finding]
    let summary: Summary
  }

  /// Returns a JSON object with `findings` and `allowed`, arrays of `code`, `severity`, `file`, `line`, `column`,
  /// `object`, `message`, `hint` and, in `allowed`, the reason; and with `summary`.
  /// - Throws: an `EncodingError`.
  public static func json(_ report: LintReport) throws -> JSONValue {
    try JSONValue(
      encoding: Report(
        findings: report.findings, allowed: report.allowed,
        summary: Report.Summary(
          errors: report.count(.error), warnings: report.count(.warning), notes: report.count(.note),
          allowed: report.allowed.count, files: report.files, objects: report.objects)))
  }

  /// Returns a SARIF 2.1.0 log (OASIS, 2020), which code hosts show next to the lines. Allowed findings are included
  /// as suppressed results.
  /// - Parameter version: the version of opz.
  public static func sarif(_ report: LintReport, version: String) -> JSONValue {
    let rules = RuleBook.all
    let indexes = Dictionary(uniqueKeysWithValues: rules.enumerated().map { ($1.code, $0) })
    let results = (report.findings + report.allowed).map { result($0, indexes) }
    let driver: JSONValue = .object([
      "name": .string("opz lint"), "semanticVersion": .string(version), "rules": .array(rules.map(rule)),
    ])
    let run: JSONValue = .object([
      "tool": .object(["driver": driver]), "columnKind": .string("unicodeCodePoints"), "results": .array(results),
    ])
    return .object([
      "$schema": .string("https://json.schemastore.org/sarif-2.1.0.json"), "version": .string("2.1.0"),
      "runs": .array([run]),
    ])
  }

  private static func rule(_ about: RuleAbout) -> JSONValue {
    .object([
      "id": .string(about.code), "shortDescription": .object(["text": .string(about.title)]),
      "fullDescription": .object(["text": .string(about.why)]),
      "help": .object(["text": .string(about.remedy), "markdown": .string(about.page)]),
      "defaultConfiguration": .object(["level": .string(about.severity.rawValue)]),
    ])
  }

  private static func result(_ finding: Finding, _ indexes: [String: Int]) -> JSONValue {
    let hint = finding.hint.map { "\nhint: \($0)" } ?? ""
    var location: [String: JSONValue] = [
      "physicalLocation": .object([
        "artifactLocation": .object(["uri": .string(uri(finding.file))]),
        "region": .object([
          "startLine": .integer(Int64(finding.line)), "startColumn": .integer(Int64(finding.column)),
        ]),
      ])
    ]
    if !finding.object.isEmpty {
      location["logicalLocations"] = .array([
        .object(["fullyQualifiedName": .string(finding.object), "kind": .string("object")])
      ])
    }
    var result: [String: JSONValue] = [
      "ruleId": .string(finding.code), "level": .string(finding.severity.rawValue),
      "message": .object(["text": .string(finding.message + hint)]), "locations": .array([.object(location)]),
    ]
    if let index = indexes[finding.code] { result["ruleIndex"] = .integer(Int64(index)) }
    if let reason = finding.allowed {
      result["suppressions"] = .array([
        .object(["kind": .string("inSource"), "justification": .string(reason)])
      ])
    }
    return .object(result)
  }

  /// Escapes everything but letters, digits and `-._~/` (RFC 3986).
  private static func uri(_ path: String) -> String {
    let name = path == "-" ? "stdin" : path
    return name.utf8.map { byte -> String in
      let isKept =
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || "-._~/".utf8.contains(byte)
      if isKept { return String(UnicodeScalar(byte)) }
      let hex = String(byte, radix: 16, uppercase: true)
      return "%" + (hex.count == 1 ? "0" + hex : hex)
    }.joined()
  }
}
