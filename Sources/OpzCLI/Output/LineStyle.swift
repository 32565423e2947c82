import OpzIO

/// Color and bold for whole words at fixed places of a line: `error:`, `hint:`, the header of a table, a verdict.
///
/// Text is styled after it was escaped, so nothing untrusted becomes a control sequence.
enum LineStyle {
  private static let marks = [
    ("error:", "1;31"), ("warning:", "1;33"), ("hint:", "1;36"), ("next:", "1;32"),
  ]
  private static let verdicts = [
    "ok": "32", "pass": "32", "fail": "31", "FAIL": "31", "error": "31", "warn": "33", "warning": "33",
  ]

  /// Whether to color what goes to a stream: NO_COLOR (no-color.org) wins, then CLICOLOR_FORCE, then CLICOLOR=0 and
  /// TERM=dumb, then whether it is a terminal (bixense.com/clicolors).
  static func isColored(terminal: Bool, _ environment: (String) -> String?) -> Bool {
    func value(_ name: String) -> String { environment(name) ?? "" }
    if !value("NO_COLOR").isEmpty { return false }
    if !value("CLICOLOR_FORCE").isEmpty, value("CLICOLOR_FORCE") != "0" { return true }
    return terminal && value("CLICOLOR") != "0" && value("TERM") != "dumb"
  }

  /// A message for people, of one or more lines.
  static func note(_ text: String) -> String {
    lines(text) { line in
      for (mark, style) in marks where line.hasPrefix(mark) {
        return styled(mark, style) + line.dropFirst(mark.count)
      }
      return line
    }
  }

  /// Tables and text: headers are bold, and verdicts have colors.
  static func data(_ text: String) -> String {
    var isFirst = true
    return lines(text) { line in
      defer { isFirst = line.isEmpty }
      return isFirst && isHeader(line) ? styled(line, "1") : verdict(line)
    }
  }

  /// The names of columns are in capitals.
  private static func isHeader(_ line: String) -> Bool {
    line.contains("  ") && line.contains(where: \.isLetter) && !line.contains(where: \.isLowercase)
  }

  /// Colors a verdict in the first or second column.
  private static func verdict(_ line: String) -> String {
    var start = line.startIndex
    for _ in 0..<2 {
      let word = line[start...].prefix { $0 != " " }
      if let style = verdicts[String(word)], line[word.endIndex...].hasPrefix("  ") {
        return line[..<start] + styled(String(word), style) + line[word.endIndex...]
      }
      guard let gap = line[start...].firstRange(of: "  ") else { return line }
      start = line[gap.upperBound...].firstIndex { $0 != " " } ?? line.endIndex
    }
    return line
  }

  private static func lines(_ text: String, _ style: (String) -> String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { style(String($0)) }.joined(separator: "\n")
  }

  private static func styled(_ text: String, _ style: String) -> String { "\u{1B}[\(style)m\(text)\u{1B}[0m" }
}
