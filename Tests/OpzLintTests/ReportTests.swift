import OpzIO
import OpzJSON
import OpzLint
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@Suite("Reports")
struct ReportTests {
  private static func fixture(_ name: String) -> FilePath {
    PackageRoot.path(#filePath).appending("Tests/OpzLintTests/Fixtures").appending(name)
  }

  private static func text(_ name: String) throws -> String {
    String(decoding: try FileBlob(fixture(name)).bytes(), as: UTF8.self)
  }

  /// A typical report: an error, a warning and an allowance, in one file.
  private static func churn() throws -> ([LintInput], LintReport) {
    let inputs = [LintInput("k8s/churn.yaml", Array(try text("churn.yaml").utf8))]
    return (inputs, try Linter().run(inputs))
  }

  @Test("text: the position, the line, a caret, the proof, the hint")
  func golden() throws {
    let (inputs, report) = try ReportTests.churn()
    let text = LintText(report, inputs)
    #expect(text.findings + text.summary + "\n" == (try ReportTests.text("churn.txt")))
  }

  @Test("control characters of a manifest do not reach a terminal")
  func control() throws {
    let input = LintInput(
      "a\u{1b}[2J.yaml",
      Array("apiVersion: v1\nkind: \"a\\e[31mb\"\nmetadata: {name: \"x\\e]0;y\\a\", labels: {a: 1}}\n".utf8))
    let report = try Linter().run([input])
    #expect(report.findings.count == 1)
    #expect(!LintText(report, [input]).findings.unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
  }

  @Test("the SARIF output conforms to its schema, and a changed one does not")
  func sarif() throws {
    let directory = try TemporaryDirectory()
    let (_, report) = try ReportTests.churn()
    let log = String(
      decoding: try CanonicalJSON.encodePretty(LintDocument.sarif(report, version: "0.1.0")), as: UTF8.self)
    func validate(_ text: String) throws -> ChildProcess.Output {
      let file = try directory.write("log.json", text)
      return try Python.run([
        ReportTests.fixture("validate.py").string, ReportTests.fixture("sarif.schema.json").string, file.string,
      ])
    }
    let valid = try validate(log)
    #expect(valid.status == 0, "\(valid.text)\(valid.errorText)")
    #expect(log.contains("\"justification\""))
    for (from, to) in [
      ("\"level\": \"error\"", "\"level\": \"bad\""), ("\"2.1.0\"", "\"2.0.0\""), ("\"ruleId\"", "\"ruleID\""),
      ("\"startLine\": ", "\"startLine\": -"), ("\"kind\": \"inSource\"", "\"kind\": \"x\""),
    ] {
      try #require(log.contains(from))
      #expect(try validate(log.replacing(from, with: to)).status == 1, "\(to)")
    }
  }

  @Test("the SARIF output without its rules, byte for byte")
  func sarifBytes() throws {
    let input = LintInput("k8s/ä b~!.yaml", Array(try ReportTests.text("churn.yaml").utf8))
    let log = LintDocument.sarif(try Linter().run([input]), version: "0.1.0")
    let bytes = try CanonicalJSON.encodePretty(SARIFText.withoutRules(log))
    let golden = try ReportTests.text("churn.sarif.json")
    #expect(String(decoding: bytes, as: UTF8.self) == golden)
  }

  @Test("each rule has its page under docs/lint, byte for byte", arguments: RuleBook.all.map(\.code))
  func pages(_ code: String) throws {
    let about = try #require(RuleBook.about(code))
    let path = PackageRoot.path(#filePath).appending("docs/lint/\(code).md")
    #expect(
      String(decoding: try FileBlob(path).bytes(), as: UTF8.self) == about.page,
      "opz lint --explain \(code) > docs/lint/\(code).md")
  }

  @Test("the manifests of opz deploy, for every scenario, have no error and no warning")
  func own() throws {
    let directory = PackageRoot.path(#filePath).appending("Tests/OpzDeployTests/Fixtures/snapshots")
    let files = try Directory.entries(directory).filter { $0.extension == "yaml" }
    #expect(files.count >= 10)
    for file in files {
      let input = LintInput(file.string, try FileBlob(directory.appending(file)).bytes())
      let report = try Linter().run([input])
      #expect(report.objects > 2)
      let found = report.findings.filter { $0.severity > .note }
      #expect(found.map { "\($0.file):\($0.line): \($0.code) \($0.message)" } == [])
    }
  }

  @Test("there are no other pages")
  func extra() throws {
    let files = try Directory.entries(PackageRoot.path(#filePath).appending("docs/lint")).map(\.string)
    #expect(Set(files) == Set(RuleBook.all.map { "\($0.code).md" } + ["README.md"]))
  }

  @Test("the order does not depend on the number of threads", arguments: [1, 2, 7])
  func threads(_ threads: Int) throws {
    let inputs = (0..<40).map { number in
      LintInput("f\(number).yaml", Array(RuleBook.all.map(\.wrong).joined(separator: "\n---\n").utf8))
    }
    func findings(_ threads: Int) throws -> [Finding] {
      var options = LintOptions()
      options.threads = threads
      return try Linter(options).run(inputs).findings
    }
    #expect(try findings(threads) == findings(3))
  }
}
