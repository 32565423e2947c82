import OpzIO
import OpzJSON
import OpzOCI
import OpzTestKit
import Testing

@testable import OpzTrust

@Suite("Scanner verdicts in SARIF")
struct ScanVerdictTests {
  func read(_ text: String) throws -> [ScanVerdict] {
    try ScanVerdict.read(StrictJSON.read(Array(text.utf8), subject: "x"), subject: "x")
  }

  func run(_ results: String, rules: String = "[]", more: String = "") throws -> ScanVerdict {
    try #require(
      try read(
        #"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t","rules":\#(rules)}},"results":\#(results)\#(more)}]}"#
      ).first)
  }

  @Test(
    "the levels of its results decide whether a run is clean",
    arguments: [
      ("[]", "[]", true), (#"[{"level":"error"}]"#, "[]", false),
      (#"[{"level":"warning"},{"level":"note"}]"#, "[]", true),
      ("[{}]", "[]", true), (#"[{"level":"fatal"}]"#, "[]", false),
      (#"[{"kind":"pass","level":"error"}]"#, "[]", false),
      (#"[{"ruleId":"a"}]"#, #"[{"id":"a","defaultConfiguration":{"level":"error"}}]"#, false),
      (#"[{"ruleId":"a/b"}]"#, #"[{"id":"a","defaultConfiguration":{"level":"error"}}]"#, false),
      (#"[{"ruleIndex":0}]"#, #"[{"id":"a","defaultConfiguration":{"level":"error"}}]"#, false),
      (#"[{"ruleIndex":7}]"#, #"[{"id":"a","defaultConfiguration":{"level":"error"}}]"#, false),
      (#"[{"ruleId":"a","level":"note"}]"#, #"[{"id":"a","defaultConfiguration":{"level":"error"}}]"#, true),
      (#"[{"level":"error","suppressions":[{"kind":"external"}]}]"#, "[]", true),
      (#"[{"level":"error","suppressions":[]}]"#, "[]", false),
      (#"[{"level":"error","suppressions":[{"status":"underReview"}]}]"#, "[]", false),
      (#"[{"level":"error","suppressions":[{"status":"accepted"},{"status":"rejected"}]}]"#, "[]", false),
    ])
  func levels(_ results: String, _ rules: String, isClean: Bool) throws {
    #expect((try run(results, rules: rules).problem == nil) == isClean)
  }

  @Test("a scan that failed, or that has no results, is not a verdict")
  func failed() throws {
    #expect(try run("[]", more: #","invocations":[{"executionSuccessful":false}]"#).problem != nil)
    #expect(try run("[]", more: #","invocations":[{"executionSuccessful":true}]"#).problem == nil)
    #expect(try run("null").problem != nil)
  }

  @Test(
    "what is not SARIF 2.1.0 is refused",
    arguments: [
      "{}", "[]", #"{"version":"2.0.0","runs":[]}"#, #"{"version":"2.1.0","runs":[]}"#,
      #"{"version":"2.1.0","runs":[{}]}"#,
      #"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":""}},"results":[]}]}"#,
      #"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t"}},"results":[1]}]}"#,
    ])
  func malformed(_ text: String) {
    #expect(throws: TrustError.self) { try read(text) }
  }

  @Test("opz's own report is a verdict, and the same findings give the same bytes")
  func own() throws {
    let image = Digest.of([1])
    var scanner = FileScanner(ScanReport(allowed: ["a.B"]))
    scanner.scan("models/ä b.pkl", BytesBlob(Array("cos\nsystem\n(S'id'\ntR.".utf8)), secrets: true)
    let document = scanner.report.sarif(
      about: image, name: "crm/churn", tool: "opz 0.1.0", at: Timestamp(milliseconds: 1_000))
    let verdict = try #require(try ScanVerdict.read(document, subject: "x").first)
    #expect(verdict.tool == "opz" && verdict.errors == 1 && verdict.ended == Timestamp(milliseconds: 1_000))
    #expect(verdict.problem?.contains("os.system") == true)
    let text = String(decoding: try CanonicalJSON.encodePretty(document), as: UTF8.self)
    #expect(text.contains("models/%C3%A4%20b.pkl") && text.contains("\(image)") && text.contains("a.B"))
  }

  @Test("opz's own report without its rules, byte for byte")
  func bytes() throws {
    var scanner = FileScanner(ScanReport(allowed: ["a.B"]))
    scanner.begin(layer: Digest.of([2]))
    scanner.scan("models/ä b.pkl", BytesBlob(Array("cos\nsystem\n(S'id'\ntR.".utf8)), secrets: true)
    scanner.scan("x/y!z.pkl", BytesBlob(Array("cos\nsystem\n(S'id'".utf8)), secrets: true)
    let log = scanner.report.sarif(
      about: Digest.of([1]), name: "crm/churn", tool: "opz 0.1.0", at: Timestamp(milliseconds: 1_000))
    let path = PackageRoot.path(#filePath).appending("Tests/OpzTrustTests/Fixtures/scan.sarif.json")
    let bytes = try CanonicalJSON.encodePretty(SARIFText.withoutRules(log))
    let golden = String(decoding: try FileBlob(path).bytes(), as: UTF8.self)
    #expect(String(decoding: bytes, as: UTF8.self) == golden)
  }
}
