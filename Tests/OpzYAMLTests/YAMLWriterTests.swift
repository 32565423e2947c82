import OpzIO
import OpzTestKit
import OpzYAML
import Testing
import Yams

@Suite("YAMLWriter")
struct YAMLWriterTests {
  /// Strings that YAML readers are known to misread or change.
  static let nasty: [String] =
    [
      "", "y", "Y", "n", "yes", "Yes", "YES", "no", "No", "on", "off", "OFF", "true", "True", "false", "null", "Null",
      "NULL", "~",
      "1e3", "1E3", "1e+3", ".5", "5.", "-1", "+1", "0", "0x10", "0o17", "0b1", "012", "1_000", "1:20", "190:20:30.15",
      "2001-01-01",
      "2001-12-14t21:59:43.10-05:00", ".inf", "-.inf", ".nan", "nan", "inf", "NaN", "=", "<<", "- a", "-", "--", "---",
      "...", "? a",
      "?", ":", "::", "a:", "a: b", "a:b", ": a", "# x", "a #b", "a#b", "#", "&a", "*a", "!a", "!!str", "|", ">", "|-",
      "%YAML 1.2",
      "@a", "`a", "'", "''", "\"", "\"\"", "'a'", "\"a\"", "a'b", "a\"b", "\\", "\\n", "a\\", "{", "}", "{}", "[", "]",
      "[]", "[a]",
      "{a: b}", ",", "a,b", "/", "/a", "a/", "a@", "@", "a-", "_", "a_", ".", "..", " ", "  ", " a", "a ", "a  b", "\t",
      "\ta", "a\t",
      "\n", "\n\n", "a\n", "\na", "a\nb", "a\n\nb\n", "a\r", "a\r\nb", "\r", "\u{0}", "a\u{0}b", "\u{1}", "\u{7}",
      "\u{8}", "\u{b}",
      "\u{c}", "\u{1b}[31m", "\u{1f}", "\u{7f}", "\u{80}", "\u{85}", "a\u{85}b", "\u{9f}", "\u{a0}", "\u{ad}",
      "\u{200b}", "\u{202e}x",
      "\u{2028}", "a\u{2028}b", "\u{2029}", "\u{feff}", "\u{feff}a", "a\u{feff}b", "\u{fffd}", "\u{fffe}", "\u{ffff}",
      "\u{d7ff}",
      "\u{e000}",
      "\u{10000}", "\u{1fffe}", "\u{10ffff}", "é", "e\u{301}", "ü: ö", "日本語", "👩‍👩‍👧‍👦", "🇩🇪", "${HOME}", "$(HOME)", "{{ x }}",
    ]
    + [128, 511, 512, 513, 990, 997, 998, 999, 1000, 1022, 1023, 1024, 1025, 5000].flatMap { count in
      [
        String(repeating: "a", count: count), String(repeating: "x ", count: count),
        String(repeating: "\u{2028}", count: count),
      ]
    }

  @Test("Yams and PyYAML read the written strings back, as keys and as values")
  func nasty() async throws {
    try await YAMLWriterTests.roundTrip(YAMLWriterTests.nasty)
  }

  @Test("Yams and PyYAML read random strings back", arguments: [1, 2, 3, 4] as [UInt64])
  func random(seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    try await YAMLWriterTests.roundTrip((0..<500).map { _ in YAMLWriterTests.text(&generator) })
  }

  @Test("numbers, booleans and empty values keep their types")
  func inline() throws {
    let value = YAMLValue.map(
      .init("most", .integer(.max)), .init("least", .integer(.min)), .init("yes", .bool(true)),
      .init("off", .bool(false)),
      .init("list", .list([])), .init("map", .map([])),
      .init("nested", .list([.list([.integer(1)]), .list([]), .map([])])))
    let text = YAMLWriter.write(value)
    #expect(
      text == """
        most: 9223372036854775807
        least: -9223372036854775808
        "yes": true
        "off": false
        list: []
        map: {}
        nested:
        -
          - 1
        - []
        - {}

        """)
    let loaded = try #require(try Yams.load(yaml: text) as? [String: Any])
    #expect(loaded["most"] as? Int == .max && loaded["least"] as? Int == .min)
    #expect(loaded["yes"] as? Bool == true && loaded["off"] as? Bool == false)
    #expect((loaded["nested"] as? [Any])?.count == 3)
  }

  @Test("a comment is above its member and does not change the value")
  func comments() throws {
    let value = YAMLValue.map(
      .init("a", .text("b"), comment: "one\ntwo: 3"),
      .init("c", .list([.map(.init("d", .integer(1), comment: "first"), .init("e", .integer(2), comment: "second"))])))
    let text = YAMLWriter.write(value)
    #expect(
      text == """
        # one
        # two: 3
        a: b
        c:
        # first
        - d: 1
          # second
          e: 2

        """)
    let loaded = try #require(try Yams.load(yaml: text) as? [String: Any])
    #expect(loaded["a"] as? String == "b")
    #expect(loaded["c"] as? [[String: Int]] == [["d": 1, "e": 2]])
  }

  @Test(
    "plain words stay plain",
    arguments: ["churn", "apps/v1", "registry.example:5000/a@sha256:0a", "v1", "/tmp", "yesterday"])
  func plain(text: String) {
    #expect(YAMLWriter.write(.text(text)) == text + "\n")
  }

  /// Nested mappings in lists, long keys with lists and mappings as values.
  @Test("keys of any length can have any value")
  func longKeys() throws {
    let key = String(repeating: "k", count: 3000)
    let inner = YAMLValue.map(.init(key, .list([.text("a"), .map(.init(key, .text("b")), .init("z", .text("c")))])))
    let text = YAMLWriter.write(.map(.init(key, inner), .init("after", .list([inner]))))
    let loaded = try #require(try Yams.load(yaml: text) as? [String: Any])
    let list = try #require((loaded[key] as? [String: Any])?[key] as? [Any])
    #expect(list.first as? String == "a")
    #expect(list.last as? [String: String] == [key: "b", "z": "c"])
    let after = try #require((loaded["after"] as? [[String: Any]])?.first?[key] as? [Any])
    #expect(after.last as? [String: String] == [key: "b", "z": "c"])
  }

  /// Writes a list of `{KEY: [VALUE, VALUE]}` and reads it with both. Bytes are compared: Swift's == on texts is canonical equivalence.
  private static func roundTrip(_ texts: [String]) async throws {
    let document = YAMLWriter.write(.list(texts.map { .map(.init($0, .list([.text($0), .text($0 + "\n")]))) }))
    let expected = texts.map { ["\(hex($0))", "\(hex($0))", "\(hex($0 + "\n"))"] }

    let loaded = try #require(try Yams.load(yaml: document) as? [[String: Any]])
    try #require(loaded.count == texts.count)
    // Yams decodes scalars with Foundation, which drops a byte order mark at the start; PyYAML below keeps it.
    for (item, expected) in zip(loaded, expected) where !expected[0].hasPrefix("efbbbf") {
      let key = try #require(item.keys.first)
      let values = try #require(item[key] as? [Any]).map { ($0 as? String).map(hex) ?? "<\(type(of: $0))>" }
      #expect([hex(key)] + values == expected, "Yams")
    }

    let script = PackageRoot.path(#filePath).appending("Tests/OpzYAMLTests/Fixtures/pairs.py")
    let result = try await blocking { try Python.run([script.string], input: Array(document.utf8)) }
    try #require(result.status == 0, "\(result.errorText)")
    let lines = result.text.split(separator: "\n").map {
      $0.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    }
    try #require(lines.count == texts.count)
    for (line, expected) in zip(lines, expected) { #expect(line == expected, "PyYAML") }
  }

  private static func hex(_ text: String) -> String {
    text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// Up to 40 characters, most of them special in YAML.
  private static func text(_ generator: inout SeededGenerator) -> String {
    let special = Array(
      " \t\n\r:#-?,[]{}&*!|>'\"%@`~=<.0123456789eExobnyNYtrueaoflsuI_+\\/\u{85}\u{2028}\u{2029}\u{feff}".unicodeScalars)
    var scalars = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 0...40, using: &generator) {
      if Int.random(in: 0..<8, using: &generator) > 0 {
        scalars.append(special[Int.random(in: 0..<special.count, using: &generator)])
      } else if let scalar = Unicode.Scalar(UInt32.random(in: 0...0x10ffff, using: &generator)) {
        scalars.append(scalar)
      }
    }
    return String(scalars)
  }

  @Test("raw template text is written unchanged, in place of values, in place of members and before them")
  func template() {
    let value = YAMLValue.map(
      .init("a", .text("{{ x }}"), comment: "{{ c }}"),
      .init("b", .map(.init("c", .integer(1)), .init("d", .integer(2)))),
      .init("e", .list([.map(.init("f", .integer(3))), .integer(4)])))
    var template = YAMLTemplate { $0.replacing("{{", with: "{{ open }}") }
    template.put("{{ .C }}", at: ["b", "c"])
    template.put("{{ .F }}", at: ["e", "0", "f"])
    template.put("{{ .Four }}", at: ["e", "1"])
    template.put(at: ["b", "d"], replacing: false) { ["{{- if \($0) }}"] }
    template.put(at: ["b", "d"], replacing: false) { _ in ["", "x: 1"] }
    template.put(at: ["e"], replacing: false) { _ in ["{{- end }}"] }
    let wanted = """
      # {{ open }} c }}
      a: "{{ open }} x }}"
      b:
        c: {{ .C }}
        {{- if 2 }}

        x: 1
        d: 2
      {{- end }}
      e:
      - f: {{ .F }}
      - {{ .Four }}

      """
    #expect(YAMLWriter.write(value, template) == wanted)
    template.put(at: ["b"], replacing: true) { _ in ["b: {{ .B }}"] }
    #expect(YAMLWriter.write(value, template).contains("a: \"{{ open }} x }}\"\nb: {{ .B }}\n{{- end }}\ne:\n"))
    #expect(!YAMLWriter.write(value).contains("open"))
  }
}
