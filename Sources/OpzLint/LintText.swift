import OpzIO

/// A report for people: the place, the line with a caret, the proof, the hint.
public struct LintText: Sendable {
  private let report: LintReport
  /// The lines of each file that has a finding.
  private var lines: [String: [Substring]] = [:]

  public init(_ report: LintReport, _ inputs: [LintInput]) {
    self.report = report
    let named = Set(report.findings.map(\.file))
    for input in inputs where named.contains(input.name) {
      let text = String(decoding: input.bytes, as: UTF8.self)
      // Swift takes "\r\n" for one character, which is a line's end too.
      lines[input.name] = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    }
  }

  public var findings: String { report.findings.map(text).joined(separator: "\n") }

  /// `2 errors, 1 warning, 0 notes; 12 objects in 4 files; 1 allowed`.
  public var summary: String {
    func count(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }
    let counts = [(Severity.error, "error"), (.warning, "warning"), (.note, "note")].map {
      count(report.count($0.0), $0.1)
    }
    let allowed = report.allowed.isEmpty ? "" : "; \(report.allowed.count) allowed"
    return counts.joined(separator: ", ")
      + "; \(count(report.objects, "object")) in \(count(report.files, "file"))\(allowed)"
  }

  private func text(_ finding: Finding) -> String {
    let subject = finding.object.isEmpty ? "" : " \(PrintableText.line(finding.object))"
    var text =
      "\(PrintableText.line(finding.file)):\(finding.line):\(finding.column): \(finding.severity.rawValue) \(finding.code)\(subject)\n"
    text += excerpt(finding)
    text += "  \(PrintableText.line(finding.message))\n"
    if let hint = finding.hint { text += "  hint: \(PrintableText.line(hint))\n" }
    return text
  }

  private func excerpt(_ finding: Finding) -> String {
    guard let all = lines[finding.file], finding.line >= 1, finding.line <= all.count else { return "" }
    let scalars = Array(all[finding.line - 1].unicodeScalars)
    let number = "\(finding.line)"
    let gap = String(repeating: " ", count: number.count)
    // A window around the place: lines of minified JSON are long.
    let column = min(max(0, finding.column - 1), scalars.count)
    let start = column > 90 ? column - 60 : 0
    let window = scalars[start..<min(scalars.count, start + 110)]
    let line = LintText.shown(window)
    let caret = String(repeating: " ", count: LintText.shown(window.prefix(column - start)).unicodeScalars.count)
    return "  \(number) | \(line)\n  \(gap) | \(caret)^\n"
  }

  /// A part of a line; tabs are as wide as the caret takes them to be.
  private static func shown(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    PrintableText.line(String(String.UnicodeScalarView(scalars.map { $0 == "\t" ? " " : $0 })))
  }
}
