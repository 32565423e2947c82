import OpzIO
import OpzTestKit
import Testing

@testable import OpzTOML

@Suite("TOML")
struct TOMLTests {
  @Test("values of every kind")
  func values() throws {
    let document = try TOMLReader.read(
      #"""
      # a comment
      a = 1
      "quoted key" = -0x # not a number
      """#.replacing(#""quoted key" = -0x # not a number"#, with: #""quoted key" = 0xdead_beef # hex"#) + #"""

        b.c.d = "x\n\u00e9\"\\"
        e = 'C:\path'
        f = [1, 2.5, true, [ "in" ], { g = 1979-05-27T07:32:00Z, "h" = 07:32:00.5 }, # comment
        ]
        s = """
        one \
            two
        three"""
        t = '''
        raw \n'''''
        [table]
        x = +1_000
        [table.sub]
        y = -inf
        [[list]]
        n = 1
        [[list]]
        n = 2
        [list.inside]
        z = 1e3
        """#)
    #expect(document["a"] == .integer(1) && document["quoted key"] == .integer(0xdead_beef))
    #expect(document["b"]?["c"]?["d"] == .string("x\né\"\\") && document["e"] == .string("C:\\path"))
    #expect(
      document["f"]
        == .array([
          .integer(1), .float(2.5), .boolean(true), .array([.string("in")]),
          .table(["g": .date("1979-05-27T07:32:00Z"), "h": .date("07:32:00.5")]),
        ]))
    #expect(document["s"] == .string("one two\nthree") && document["t"] == .string("raw \\n''"))
    #expect(document["table"]?["x"] == .integer(1000) && document["table"]?["sub"]?["y"] == .float(-.infinity))
    #expect(
      document["list"]
        == .array([.table(["n": .integer(1)]), .table(["n": .integer(2), "inside": .table(["z": .float(1000)])])]))
  }

  @Test(
    "invalid TOML is refused by Python's reader and by ours",
    arguments: [
      "a", "a =", "a = 1 b = 2", "a = 01", "a = 1__0", "a = _1", "a = 1.", "a = .5", "a = \"x", "a = 'x\n'",
      "a = [1 2]", "a = [1", "a = {b = 1", "a = {b = 1,}",
      "[a", "[a]]", "[[a]", "[]", "[a]\n[a]", "a = 1\na = 2", "a = 1\n[a]", "a = {}\n[a.b]", "a = []\n[[a]]",
      "[[a]]\n[a]", "[a.b]\n[a]\nb = 1", "a = tru", "a = 1979-05-27 ",
      "a = \"\\x\"", "a = \"\\uD800\"", "= 1", "a.b = 1\na = 2", "a = 1\r", "a = \"\u{1}\"", "# \u{1}", "a = 0x",
      "a = +0x1", "a = 1e", "[a]\nb.c = 1\n[a.b]", "[[\na\n]]",
    ])
  func malformed(text: String) throws {
    let script =
      "import sys, tomllib\ntry:\n  tomllib.loads(sys.stdin.read())\n  print('ok')\nexcept tomllib.TOMLDecodeError:\n  print('no')"
    let reference = try Python.run(["-c", script], input: Array(text.utf8)).text
    let ours = (try? TOMLReader.read(text)) == nil ? "no\n" : "ok\n"
    #expect(ours == reference)
  }

  @Test("random documents are read as Python reads them", arguments: 0..<12)
  func random(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let pieces = [
      "a", "b", ".", "=", " = ", "\n", "[", "]", "[[", "]]", "{", "}", ",", "\"x\"", "'y'", "1", "-2.5", "true",
      "\"\"\"z\"\"\"", "#c\n", "\\", "0", "1979-05-27", "\n", "\n",
    ]
    let texts = (0..<400).map { _ in
      (0..<Int.random(in: 1...14, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
    }
    let script = """
      import sys, json, tomllib
      def judge(t):
        try:
          return json.dumps(tomllib.loads(t), default=str, sort_keys=True)
        except (tomllib.TOMLDecodeError, RecursionError):
          return "no"
      print("\\n".join(judge(t) for t in sys.stdin.read().split("\\0")))
      """
    let result = try Python.run(["-c", script], input: Array(texts.joined(separator: "\0").utf8))
    let expected = result.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    try #require(expected.count == texts.count)
    for (text, verdict) in zip(texts, expected) {
      let ours = try? TOMLReader.read(text)
      #expect((ours == nil) == (verdict == "no"), "\(text)")
      if let ours { #expect(json(ours) == verdict, "\(text)") }
    }
  }

  /// The document in the notation of Python's json.
  private func json(_ value: TOMLValue) -> String {
    switch value {
    case .string(let text), .date(let text): "\"\(text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n"))\""
    case .integer(let number): "\(number)"
    case .float(let number): "\(number)"
    case .boolean(let flag): "\(flag)"
    case .array(let items): "[" + items.map(json).joined(separator: ", ") + "]"
    case .table(let table):
      "{" + table.members.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \(json($0.value))" }.joined(separator: ", ")
        + "}"
    }
  }

  @Test("depth is limited")
  func deep() {
    #expect(throws: TOMLReader.Failure.self) { try TOMLReader.read("a = " + String(repeating: "[", count: 100_000)) }
    #expect(throws: TOMLReader.Failure.self) { try TOMLReader.read(String(repeating: "a.", count: 100_000) + "a = 1") }
  }

  @Test("dotted keys count as deep as nested tables")
  func dotted() throws {
    let key = String(repeating: "a.", count: 50) + "a"
    for text in [
      String(repeating: "\(key) = {", count: 60) + "a = 1" + String(repeating: "}", count: 60),
      "[\(key)]\n\(key) = {\(key) = 1}", "a = " + String(repeating: "[{\(key) = ", count: 3) + "1",
    ] {
      #expect(throws: TOMLReader.Failure.self) { try TOMLReader.read(text) }
    }
    #expect(try TOMLReader.read("[\(key)]\n\(key) = 1")["a"] != nil)
  }

  @Test("a table keeps the order of its keys, and the line of each")
  func places() throws {
    let document = try TOMLReader.read(
      "z = 1\n\n[host.\"b\"]\nq = \"\"\"\n\"\"\"\nc = 1\n[host.a]\n[[list]]\n[[list]]\nd = 1\n")
    let host = try #require(document["host"]?.table)
    #expect(host.keys == ["b", "a"] && host.line(of: "b") == 3 && host.line(of: "a") == 7)
    #expect(document["host"]?["b"]?.table?.line(of: "c") == 6)
    #expect(document["list"]?.array?.compactMap(\.table?.line) == [8, 9])
    #expect(document.table?.keys == ["z", "host", "list"])
  }
}
