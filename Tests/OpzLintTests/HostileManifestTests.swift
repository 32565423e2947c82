import OpzLint
import OpzTestKit
import Testing

@Suite("Hostile texts")
struct HostileManifestTests {
  private static func problem(_ bytes: [UInt8]) throws -> Finding? {
    let found = try Linter().run([LintInput("t.yaml", bytes)]).findings.filter { $0.code == "OPZ001" }
    return found.first
  }

  private static func problem(_ text: String) throws -> Finding? { try problem(Array(text.utf8)) }

  @Test(
    "each hostile text is reported with its position",
    arguments: [
      ("a: 1\nb: \u{0}", 2, 4, "NUL"), ("a: [1", 2, 1, "not valid YAML"),
      ("kind: A\nmetadata: {name: a, name: b}", 2, 21, "duplicate key name, also on line 2"),
      ("a: 1\n---\nb: 1\nb: 2\n", 4, 1, "duplicate key b"), ("a: *x\n", 1, 4, "undefined alias"),
      ("a: \u{1}\n", 1, 4, "control characters"),
      ("? [a]\n: b\n", 1, 3, "not plain text"), ("a: \"\\ud800\"\n", 1, 7, "not valid YAML"),
    ])
  func places(_ text: String, _ line: Int, column: Int, reason: String) throws {
    let finding = try #require(try HostileManifestTests.problem(text))
    #expect(finding.message.contains(reason), "\(finding.message)")
    #expect(finding.line == line)
    #expect(finding.column == column, "\(finding.message)")
  }

  @Test("bytes that are not text are reported with their position")
  func encoding() throws {
    let finding = try #require(try HostileManifestTests.problem(Array("ä: 1\nb: ".utf8) + [0xff, 0x0a]))
    #expect(finding.message == "the text is not UTF-8")
    #expect(finding.line == 2)
  }

  @Test("aliases that expand to a billion nodes are refused early", arguments: [10, 30, 60])
  func bomb(_ levels: Int) throws {
    var text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
    for level in 1...levels {
      text += "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ",") + "]\n"
    }
    let finding = try #require(try HostileManifestTests.problem(text))
    #expect(finding.message.contains("far more values than the document has"))
  }

  @Test(
    "aliases in keys never reach the parser",
    arguments: ["? *b\n: 1\n", "{[*b]: 1}\n", "{{x: *b} : 1}\n", "*b : 1\n", "?\n  - *b\n: 1\n"])
  func aliasKeys(_ key: String) throws {
    var text = "a: &a [x,x]\n---\n- &a [x,x]\n- &b [*a,*a]\n- "
    text += key
    let finding = try #require(try HostileManifestTests.problem(text))
    #expect(finding.message.contains("key"), "\(finding.message)")
  }

  @Test("aliases in values are read, and merges give the right result")
  func merges() throws {
    let text = """
      x: &usual {app: churn, tier: web}
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: a, labels: {<<: *usual, tier: 5}}
      """
    let findings = try LintedText.findings(text)
    #expect(findings.map(\.code) == ["OPZ810"])
    #expect(findings.first?.message == "labels: tier is 5, not a string")
  }

  @Test("deep nesting is an error", arguments: [("[", "]", 5000), ("{a: ", "}", 900), ("[", "]", 250)])
  func deep(_ open: String, _ close: String, levels: Int) throws {
    let text = String(repeating: open, count: levels) + String(repeating: close, count: levels)
    #expect(try HostileManifestTests.problem(text) != nil)
  }

  @Test("one broken document does not hide the others")
  func others() throws {
    let text = "a: [\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: 1}\n---\nb: {\n"
    #expect(try LintedText.codes(text) == ["OPZ001", "OPZ810", "OPZ001"])
  }

  @Test("a BOM, CRLF, JSON, Lists, empty documents and a directive are read")
  func kinds() throws {
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: 1}\n"
    for text in [
      "\u{feff}" + config, config.replacing("\n", with: "\r\n"), "---\n---\n" + config + "---\n",
      "%YAML 1.1\n---\n" + config,
      "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"},\"data\":{\"x\":1}}",
      "apiVersion: v1\nkind: List\nitems:\n" + "- " + config.dropLast().replacing("\n", with: "\n  ") + "\n",
    ] {
      #expect(try LintedText.codes(text) == ["OPZ810"], "\(text)")
    }
    #expect(
      try Linter().run([LintInput("t", Array(config.replacing("\n", with: "\r\n").utf8))]).findings.first?.line == 4)
  }

  @Test(
    "a document that is not a Kubernetes object has no findings",
    arguments: [
      "", "\n\n", "a: 1", "- 1\n- 2", "text", "apiVersion: v1", "kind: x", "apiVersion: {a: b}\nkind: [c]",
      "apiVersion: v1\nkind: Pod\nspec: 5\nmetadata: []",
    ])
  func nothing(_ text: String) throws { #expect(try LintedText.codes(text).isEmpty) }

  @Test("random bytes and truncated manifests never trap", arguments: 0..<30)
  func random(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let alphabet = Array("{}[]:,-? \n\"'&*!|>%@#aA01.<~\\\t".utf8)
    let noise = (0..<Int.random(in: 1...400, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? 0 }
    _ = try Linter().run([LintInput("t", noise)])
    var manifest = Array((RuleBook.all.randomElement(using: &random)?.wrong ?? "").utf8)
    for _ in 0..<8 where !manifest.isEmpty {
      manifest[Int.random(in: 0..<manifest.count, using: &random)] = alphabet.randomElement(using: &random) ?? 0
    }
    _ = try Linter().run([LintInput("t", manifest)])
    _ = try? ManifestImages(manifest)
  }

  @Test(
    "numbers at their limits, where each rule reads one",
    arguments: [
      "9223372036854775807", "-9223372036854775808", "99999999999999999999", "-1", "0", "1e999", "\"\"", "[]", "{a: b}",
      "null",
    ])
  func numbers(_ number: String) throws {
    let digits = /([:=] ?)[0-9]+([,}\n])/
    for about in RuleBook.all { _ = try LintedText.codes(about.wrong.replacing(digits) { "\($0.1)\(number)\($0.2)" }) }
    for about in RuleBook.all {
      _ = try LintedText.codes(about.right.replacing(digits) { "\($0.1)\(number)\($0.2)" }) { $0.loadSeconds = 1e300 }
    }
  }
}
