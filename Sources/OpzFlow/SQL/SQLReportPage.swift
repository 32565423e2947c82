import OpzIO

/// The report of `opz sql verify` as one HTML page, for a reviewer without opz: no script, and nothing from elsewhere.
public struct SQLReportPage: Sendable {
  private let report: SQLReport

  /// Prepares the page of a report.
  public init(_ report: SQLReport) { self.report = report }

  /// The page, in UTF-8.
  public var text: String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
    <title>\(escaped(report.model)) in \(escaped(report.engine))</title>
    <style>
    :root { color-scheme: light dark; font: 16px/1.45 system-ui, sans-serif; }
    body { max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
    h1 { font-size: 1.4rem; overflow-wrap: anywhere; }
    h2 { font-size: 1.1rem; margin-top: 2rem; overflow-wrap: anywhere; }
    dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; }
    dd { margin: 0; overflow-wrap: anywhere; }
    .wide { overflow-x: auto; }
    table { border-collapse: collapse; width: 100%; }
    th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8886; vertical-align: top; }
    .number { text-align: right; font-variant-numeric: tabular-nums; }
    .verdict { padding: .5rem .8rem; border-left: .4rem solid; font-weight: 600; }
    .good { border-color: #1a7f37; }
    .bad { border-color: #cf222e; }
    pre { white-space: pre-wrap; overflow-wrap: anywhere; }
    </style>
    </head>
    <body>
    <h1>\(escaped(report.model))</h1>
    <p class="verdict \(report.passed ? "good" : "bad")">\(verdict)</p>
    <dl>
    <dt>Database</dt><dd>\(escaped(report.database))</dd>
    <dt>Engine</dt><dd>\(escaped(report.engine)) \(escaped(report.engineVersion))</dd>
    \(splits)\(ended)</dl>
    \(report.parts.map(section).joined(separator: "\n"))
    </body>
    </html>

    """
  }

  private var verdict: String {
    let values = report.parts.flatMap(\.checks).reduce(0) { $0 &+ $1.values }
    return report.passed
      ? "The database gave the model's scores: \(values) values are as was promised."
      : "The database did not give the model's scores. Do not use the statement there."
  }

  private var splits: String {
    guard report.splits > 0 else { return "" }
    return "<dt>Splits</dt><dd>rows at \(report.reachedSplits) of \(report.splits)</dd>\n"
  }

  private var ended: String {
    guard let ended = report.ended else { return "" }
    return "<dt>Ended</dt><dd>\(ended.seconds)</dd>\n"
  }

  private func section(_ part: SQLReport.Part) -> String {
    let rows = part.checks.map(row).joined(separator: "\n")
    let left = part.left.map { "<li>\(escaped($0))</li>" }.joined(separator: "\n")
    return """
      <h2>\(escaped(part.name)), \(part.rows) rows</h2>
      <div class="wide"><table>
      <thead><tr><th>Score</th><th>Promise</th><th class="number">Values</th><th class="number">Equal to the last bit</th>\
      <th class="number">Differing</th><th class="number">Largest difference</th></tr></thead>
      <tbody>
      \(rows)
      </tbody></table></div>
      \(left.isEmpty ? "" : "<p>Not compared:</p>\n<ul>\n\(left)\n</ul>")
      """
  }

  private func row(_ check: SQLReport.Check) -> String {
    let ties = check.ties > 0 ? " and \(check.ties) where two labels have almost the same score" : ""
    let detail = (check.problem.map { ["not computed: \($0)"] } ?? []) + check.examples
    let examples =
      detail.isEmpty
      ? "" : "\n<tr><td colspan=\"6\"><pre>\(detail.map(escaped).joined(separator: "\n"))</pre></td></tr>"
    return """
      <tr><td>\(escaped(check.kind))</td><td>\(escaped(check.promise))</td><td class="number">\(check.values)</td>\
      <td class="number">\(check.equal)\(ties)</td><td class="number">\(check.differing)</td>\
      <td class="number">\(check.largestDifference)</td></tr>\(examples)
      """
  }

  /// Text of a database or a model, which anybody may have written: markup becomes text, as do control characters and the
  /// marks that turn the direction of writing.
  private func escaped(_ text: String) -> String {
    let marks = [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;"), ("'", "&#39;")]
    return marks.reduce(PrintableText.line(text)) { $0.replacing($1.0, with: $1.1) }
  }
}
