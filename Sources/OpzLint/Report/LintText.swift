import OpzIO

/// Renders a report for people: source location, line with a caret, message and hint.
public struct LintText: Sendable {
  private let report: LintReport
  /// The lines of each file that has a finding.
  private var lines: [String: [Substring]] = [:]

  /// Prepares a report.
  /// - Parameter inputs: the inputs of the run, from which lines are quoted.
  public init(_ report: LintReport, _ inputs: [LintInput]) {
    self.report = report
    let named = Set(report.findings.map(\.file))
    for input in inputs where named.contains(input.name) {
      let text = String(decoding: input.bytes, as: UTF8.self)
      // Swift treats "\r\n" as one character, which is also a newline.
      lines[input.name] = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    }
  }

  /// The findings with their lines, separated by empty lines.
  public var findings: String { report.findings.map(text).joined(separator: "\n") }

  /// The summary, such as `2 errors, 1 warning, 0 notes; 12 objects in 4 files; 1 allowed`.
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
    // Shows a window around the column, because lines of minified JSON are long.
    let column = min(max(0, finding.column - 1), scalars.count)
    let start = column > 90 ? column - 60 : 0
    let window = scalars[start..<min(scalars.count, start + 110)]
    let line = LintText.shown(window)
    let caret = String(repeating: " ", count: LintText.shown(window.prefix(column - start)).unicodeScalars.count)
    return "  \(number) | \(line)\n  \(gap) | \(caret)^\n"
  }

  /// Makes a part of a line printable. A tab becomes one space, so that the caret is below its column.
  private static func shown(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    PrintableText.line(String(String.UnicodeScalarView(scalars.map { $0 == "\t" ? " " : $0 })))
  }
}
