import OpzIO
import Testing

@testable import OpzFlow

@Suite("The page of opz sql verify")
struct SQLReportPageTests {
  private static func report(differing: Int, text: String) -> SQLReport {
    var report = SQLReport(engine: "sqlite", engineVersion: "3.40", database: text, model: text)
    report.ended = Timestamp(milliseconds: 0)
    (report.splits, report.reachedSplits) = (4, 3)
    var part = SQLReport.Part(name: text)
    part.left = [text]
    part.rows = 9
    part.checks = [
      SQLReport.Check(
        kind: "margin", promise: "exact", values: 9, equal: 9 - differing, ties: 0, differing: differing,
        largestDifference: 0.5, examples: differing > 0 ? [text] : [], problem: nil)
    ]
    report.parts = [part]
    return report
  }

  @Test("texts of a database cannot be markup, and the page has no script")
  func escaping() {
    let hostile = "</pre><script>alert(1)</script>\u{202E}\u{0}'\"&"
    let page = SQLReportPage(Self.report(differing: 1, text: hostile)).text
    #expect(!page.contains("<script") && !page.contains("\u{202E}") && !page.contains("\u{0}"))
    #expect(page.contains("&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt;\\u{202e}\\u{0}&#39;&quot;&amp;"))
    #expect(page.components(of: "&lt;script&gt;") == 6)
    #expect(page.contains("class=\"verdict bad\""))
  }

  @Test("a good report says what was compared")
  func good() {
    let page = SQLReportPage(Self.report(differing: 0, text: "churn")).text
    #expect(page.contains("class=\"verdict good\"") && page.contains("9 values are as was promised"))
    #expect(page.contains("rows at 3 of 4") && page.contains("1970-01-01T00:00:00Z"))
  }
}

extension String {
  /// How often a text occurs.
  fileprivate func components(of text: String) -> Int {
    var count = 0
    var rest = self[...]
    while let range = rest.firstRange(of: text) {
      count += 1
      rest = rest[range.upperBound...]
    }
    return count
  }
}
