import OpzIO
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
    SARIFLog(
      schema: .schemaStore, driver: ["name": .string("opz lint"), "semanticVersion": .string(version)],
      run: ["columnKind": .string("unicodeCodePoints")], rules: RuleBook.all.map(rule),
      results: (report.findings + report.allowed).map(result), indexed: true
    ).json
  }

  private static func rule(_ about: RuleAbout) -> SARIFLog.Rule {
    var rule = SARIFLog.Rule(id: about.code, title: about.title)
    rule.description = about.why
    rule.help = (about.remedy, about.page)
    rule.level = about.severity.rawValue
    return rule
  }

  private static func result(_ finding: Finding) -> SARIFLog.Result {
    let hint = finding.hint.map { "\nhint: \($0)" } ?? ""
    let name = finding.file == "-" ? "stdin" : finding.file
    var result = SARIFLog.Result(
      rule: finding.code, level: finding.severity.rawValue, message: finding.message + hint,
      uri: PercentCoding.encode(name, keeping: "/"))
    result.region = .line(finding.line, column: finding.column)
    result.object = finding.object.isEmpty ? nil : finding.object
    result.justification = finding.allowed
    return result
  }
}
