import OpzIO
import OpzTestKit
import OpzYAML
import Synchronization
import Testing

@Suite("Reading YAML")
struct YAMLReaderTests {
  private static func problem(_ text: String, _ rules: YAMLRules) -> YAMLProblem? {
    do throws(YAMLProblem) {
      _ = try YAMLReader.read(text, rules)
      return nil
    } catch { return error }
  }

  /// Runs on a thread with the smallest stack that any of our threads has.
  private static func onSmallStack(_ body: @escaping @Sendable () -> YAMLProblem?) -> YAMLProblem? {
    let result = Monitor<YAMLProblem??>(nil)
    let started = startThread(stackBytes: 256 << 10) {
      let problem = body()
      result.change { $0 = .some(problem) }
    }
    #expect(started)
    return result.wait { $0 }
  }

  static let levels = 100_000
  static let deep: [(title: String, text: String)] = [
    ("flow sequences", String(repeating: "[", count: levels)),
    ("closed flow sequences", String(repeating: "[", count: levels) + String(repeating: "]", count: levels)),
    ("flow mappings", String(repeating: "{a: ", count: levels)),
    ("flow keys", String(repeating: "{? ", count: levels)),
    ("flow, a level a line", String(repeating: "[\n", count: levels)),
    ("mixed flow", String(repeating: "[{a: ", count: levels / 2)),
    ("block sequences", String(repeating: "- ", count: levels)),
    ("block keys", String(repeating: "? ", count: levels)),
    ("block sequences and keys", String(repeating: "- ? ", count: levels / 2)),
    ("block mappings", (0..<3000).map { String(repeating: " ", count: $0) + "a:\n" }.joined()),
    ("block sequences by lines", (0..<3000).map { String(repeating: " ", count: $0) + "-\n" }.joined()),
    ("block, then flow", "a:\n- " + String(repeating: "[", count: levels)),
  ]

  @Test("every kind of nesting is limited", arguments: deep.map(\.title), [64, 200])
  func nesting(_ title: String, _ depth: Int) throws {
    let text = try #require(YAMLReaderTests.deep.first { $0.title == title }).text
    for isStrict in [true, false] {
      let rules = YAMLRules(
        bytes: 32 << 20, depth: depth, allowsAliases: !isStrict, allowsTags: !isStrict, refusesAmbiguous: isStrict)
      let problem = try #require(YAMLReaderTests.onSmallStack { YAMLReaderTests.problem(text, rules) })
      #expect(problem.reason == "nested deeper than \(depth) levels" || problem.reason.contains("key is not plain"))
    }
  }

  @Test("a document of the maximum depth is read, and freed, on a small stack", arguments: ["[", "- ", "{a: "])
  func deepest(_ open: String) {
    let rules = YAMLRules.manifests
    let close = ["[": "]", "{a: ": "}"][open] ?? ""
    let text = String(repeating: open, count: rules.depth) + "x" + String(repeating: close, count: rules.depth)
    #expect(YAMLReaderTests.onSmallStack { YAMLReaderTests.problem(text, rules) } == nil)
    let more = open + text + close
    #expect(YAMLReaderTests.onSmallStack { YAMLReaderTests.problem(more, rules) } != nil)
  }

  @Test("a byte order mark before settings is an error; the reader of opz.yaml removes it first")
  func byteOrderMark() {
    let found = YAMLReaderTests.problem("\u{FEFF}opz: 1\n", .settings)
    #expect(found?.reason.contains("byte order mark") == true && found?.place.line == 1)
    #expect(YAMLReaderTests.problem("opz: 1\n", .settings) == nil)
  }

  @Test("an alias counts with the depth of its target")
  func deepAliases() {
    var text = "# \(String(repeating: "-", count: 100_000))\n- &a0 [x]\n"
    for level in 1...300 { text += "- &a\(level) [*a\(level - 1)]\n" }
    #expect(YAMLReaderTests.problem(text, .manifests)?.reason == "nested deeper than 200 levels")
  }

  @Test(
    "stars and brackets in strings are not taken for aliases",
    arguments: [
      "a: '*/5 * * * *'", "d: |\n  *Warning:* do not\n  *b : c\n", "d: 'use {x}: y'", "d: >\n  [a]: b\n  *c\n",
      "# *a *b\nk: 1", "d: \"*x: ? *y\"", "d: a *b *c",
    ])
  func stars(_ text: String) {
    #expect(YAMLReaderTests.problem(text, .settings) == nil)
    #expect(YAMLReaderTests.problem("x: &a 1\ny: *a\n" + text, .manifests) == nil)
  }

  @Test("nine cron schedules and a thousand stars are not aliases")
  func schedules() {
    let text = (0..<1000).map { "s\($0): \"*/5 */\($0 % 23 + 1) * * *\"\n" }.joined()
    #expect(YAMLReaderTests.problem(text, .settings) == nil)
  }

  @Test(
    "hostile aliases are refused early",
    arguments: [
      ("a: &a [*a]", "is inside the value that it refers to"), ("a: &a {b: *a}", "is inside the value"),
      ("a: *b", "undefined"),
      ("&a x: 1\n*a : 2", "an alias as a key"),
      ((0..<10_002).map { "- &a\($0) x\n" }.joined(), "anchors"),
      ("a: &a [1]\n<<: *a", "without a mapping"), ("<<: x", "without a mapping"),
      ("x: &x {a: 1}\ny: {<<: *x, <<: *x}", "duplicate key"),
    ])
  func aliases(_ text: String, _ reason: String) {
    #expect(YAMLReaderTests.problem(text, .manifests)?.reason.contains(reason) == true)
  }

  @Test(
    "keys that any reader considers equal are duplicates",
    arguments: [
      ("a: 1\n\"a\": 2", 2), ("'a': 1\na: 2", 2), ("yes: 1\ntrue: 2", 2), ("yes: 1\n\"true\": 2", 2),
      ("8: 1\n010: 2", 2),
      ("~: 1\nnull: 2", 2), ("a: {b: 1, c: 2, b: 3}", 1), ("- x: 1\n  y: 2\n  x: 3", 3),
      ((0..<30).map { "k\($0): 1\n" }.joined() + "k7: 2", 31),
    ])
  func doubled(_ text: String, _ line: Int) {
    let problem = YAMLReaderTests.problem(text, .manifests)
    #expect(problem?.reason.contains("duplicate key") == true)
    #expect(problem?.place.line == line && problem?.hint == "keep one of the two")
  }

  @Test(
    "keys that only look alike are different",
    arguments: [
      "\"yes\": 1\n\"true\": 2", "\"8\": 1\n\"010\": 2", "a: 1\nA: 2", "\"~\": 1\n~: 2", "a: {b: 1}\nb: {b: 1}",
    ])
  func different(_ text: String) { #expect(YAMLReaderTests.problem(text, .manifests) == nil) }

  @Test("a merge adds missing keys, and may not replace keys before it")
  func merges() throws {
    let root = try #require(
      try YAMLReader.readOne("x: &x {a: 1, b: 2}\ny: {<<: *x, a: 3}\nz: {<<: [*x, {b: 5, c: 6}]}", .manifests))
    #expect(root["y", "a"]?.int == 3 && root["y", "b"]?.int == 2)
    #expect(root["z", "b"]?.int == 2 && root["z", "c"]?.int == 6)
    let problem = YAMLReaderTests.problem("x: &x {a: 1}\ny:\n  a: 3\n  <<: *x", .manifests)
    #expect(problem?.place == Place(line: 3, column: 3) && problem?.hint?.contains("<< first") == true)
  }

  static let ambiguousTexts = [
    "yes", "Yes", "NO", "on", "Off", "y", "N", "0o7", "0o17", "010", "007", "08", "0x1F", "0b11", "1_000", "1_0.5",
    "12:30:45", "1:30", "190:20:30.15", "-1:30", "2024-01-31", "2024-1-1", "2001-12-14t21:59:43.10-05:00", ".inf",
    "-.Inf",
    ".NaN", "+.inf", "=",
  ]

  @Test(
    "scalars that readers read differently are refused in settings, with a hint to quote them",
    arguments: ambiguousTexts)
  func ambiguous(_ text: String) {
    for document in ["a: \(text)", "- \(text)", "a: {b: [\(text)]}", text] {
      let problem = YAMLReaderTests.problem(document, .settings)
      #expect(problem?.hint == "write \"\(text)\" if it is text", "\(document)")
      #expect(YAMLReaderTests.problem(document, .manifests) == nil)
    }
    #expect(YAMLReaderTests.problem("a: \"\(text)\"", .settings) == nil)
    #expect(YAMLReaderTests.problem("a: '\(text)'", .settings) == nil)
    // What the writer writes is unambiguous.
    #expect(YAMLReaderTests.problem("a: " + YAMLWriter.scalar(text), .settings) == nil)
    #expect(YAMLWriter.scalar(text).hasPrefix("\""))
  }

  @Test(
    "scalars that all readers read the same way are accepted",
    arguments: [
      "yesterday", "1", "-5", "0", "1.5", "0.5", "1e3", "1.5E-7", "true", "False", "null", "~", "1.2.3", "v1",
      "1000:1000",
      "0:0", "12:99", "2024-01", "2024", "a:b", "+5", "...x", "08:61", "1-2-3", "500m", "10Gi", "0 3 * * *",
    ])
  func plain(_ text: String) { #expect(YAMLReaderTests.problem("a: \(text)", .settings) == nil) }

  @Test(
    "keys that some reader does not read as strings are refused by the strict reader",
    arguments: ["yes", "1", "1.5", "010", "null", "~", "on"])
  func keys(_ key: String) {
    #expect(YAMLReaderTests.problem("\(key): a", .settings)?.hint == "write \"\(key)\"")
    #expect(YAMLReaderTests.problem("\"\(key)\": a", .settings) == nil)
  }

  @Test(
    "kubectl's numbers and booleans",
    arguments: [
      ("010", 8), ("0o10", 8), ("0x10", 16), ("0b11", 3), ("1_000", 1000), ("-010", -8), ("08", 8), ("7", 7), ("+5", 5),
    ])
  func numbers(_ text: String, _ number: Int) throws {
    #expect(try YAMLReader.readOne(text, .manifests)?.int == number)
    #expect(YAMLScalar.integer(text) == number)
  }

  @Test(
    "text that is not a number is not read as one",
    arguments: ["", "-", "+", "0x", "_1", "1e3", "9223372036854775808", "a", "0xg"])
  func noNumbers(_ text: String) { #expect(YAMLScalar.integer(text) == nil) }

  @Test(
    "characters that disguise the text are refused by the strict reader",
    arguments: ["\u{202e}", "\u{2066}", "\u{85}", "\u{2028}", "\u{2029}"])
  func characters(_ character: String) {
    for text in ["a: 1 # x\(character)b: 2\n", "a: \"x\(character)\"\n"] {
      #expect(YAMLReaderTests.problem(text, .settings)?.place.line == 1)
      #expect(YAMLReaderTests.problem(text, .settings)?.reason.hasPrefix("the character U+") == true)
    }
    #expect(YAMLReaderTests.problem("a: " + YAMLWriter.scalar("x" + character), .settings) == nil)
  }

  @Test("encodings other than UTF-8 are named")
  func encodings() {
    func refused(_ bytes: [UInt8]) -> String? {
      do throws(YAMLProblem) {
        _ = try YAMLStream(bytes)
        return nil
      } catch { return error.reason }
    }
    #expect(refused([0xff, 0xfe, 0x61, 0]) == "the text is UTF-16")
    #expect(refused([0xfe, 0xff, 0, 0x61]) == "the text is UTF-16")
    #expect(refused([0x61, 0, 0x3a, 0])?.contains("NUL") == true)
    #expect(refused([0xef, 0xbb, 0xbf, 0x61]) == nil)
  }

  @Test("a second document is an error where one is expected")
  func second() {
    for text in ["a: 1\n---\nb: 1", "a: 1\n...\n---\nb: 2", "a\n---\n"] {
      do throws(YAMLProblem) {
        _ = try YAMLReader.readOne(text, .settings)
        Issue.record("\(text) was read")
      } catch {
        #expect(error.reason == "a second document begins here" && error.place.line > 1)
      }
    }
  }

  @Test("long scalars and many values are read within limits")
  func long() throws {
    let text = "a: \"" + String(repeating: "x", count: 1 << 20) + "\"\n"
    #expect(try YAMLReader.readOne(text, .manifests)?["a"]?.text?.utf8.count == 1 << 20)
    #expect(YAMLReaderTests.problem(text, .settings)?.reason.contains("; the limit is") == true)
  }

  @Test(
    "exactly the maximum number of values is read", arguments: ["[%]", "a: [%]", "- %", "--- [%]\n--- [%]"])
  func values(_ shape: String) throws {
    func text(_ count: Int) -> String {
      let list = repeatElement("1", count: count).joined(separator: shape == "- %" ? "\n- " : ",")
      return shape.replacing("%", with: list)
    }
    let rules = YAMLRules(
      bytes: 1 << 20, depth: 64, allowsAliases: true, allowsTags: true, refusesAmbiguous: false, values: 1000)
    #expect(YAMLReaderTests.problem(text(400), rules)?.reason.contains("values") != true)
    let problem = try #require(YAMLReaderTests.problem(text(1001), rules))
    #expect(problem.reason.contains("more than 1000 values"), "\(problem.reason)")
  }

  @Test("random texts never trap, and nodes know their positions", arguments: 0..<20)
  func random(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let pieces = [
      "a", "b: ", "- ", "[", "]", "{", "}", ", ", "\n", "  ", "&x ", "*x", "'", "\"", "<<: ", "? ", "|\n", "!!str ",
      "~", "1",
      "---\n", "# c\n", "\u{2028}", "é", "%", ":",
    ]
    for _ in 0..<100 {
      let text = (0..<Int.random(in: 0...40, using: &random)).compactMap { _ in pieces.randomElement(using: &random) }
        .joined()
      for rules in [YAMLRules.settings, .foreign, .manifests] { _ = YAMLReaderTests.problem(text, rules) }
    }
  }
}
