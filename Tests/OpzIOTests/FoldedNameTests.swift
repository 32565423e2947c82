import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@Suite("Names of people")
struct FoldedNameTests {
  @Test(
    "different spellings of a name are the same name",
    arguments: [
      ["ann", "Ann", "ANN", " ann ", "ann\u{A0}", "ａｎｎ", "ＡＮＮ", "𝐚𝐧𝐧", "𝒜nn", "ⓐⓝⓝ", "\u{3000}ann"],
      ["Ann Smith", "ann  smith", "ann\u{2003}smith", "ANN\u{A0}SMITH"],
      ["café", "CAFÉ", "cafe\u{301}", "ＣＡＦＥ\u{301}"], ["straße", "STRASSE", "ſtraße", "StraẞE"],
      ["ﬁona", "Fiona", "ＦＩＯＮＡ"], ["k", "\u{212A}", "K"], ["σοφος", "ΣΟΦΟΣ", "σοφοσ", "σοφος"],
      ["ann@example.org", "ANN＠EXAMPLE.ORG"], ["ｶﾞｱ", "ガア"], ["x²", "X2", "x₂"],
    ])
  func same(_ names: [String]) throws {
    let folded = try names.map { try #require(FoldedName($0)) }
    #expect(Set(folded).count == 1, "\(names)")
  }

  @Test("others differ", arguments: [("ann", "anna"), ("ann", "änn"), ("ann", "аnn"), ("a b", "ab"), ("o", "0")])
  func different(_ one: String, _ other: String) { #expect(FoldedName(one) != FoldedName(other)) }

  @Test(
    "a name has no invisible characters, and has a letter or a digit",
    arguments: [
      "", " ", "\u{3000}", "a\u{0}", "ann\n", "\tann", "a\u{200B}", "a\u{200D}b", "\u{202E}a", "a\u{2066}", "a\u{FE0F}",
      "a\u{E0061}", "\u{115F}", "\u{3164}", "a\u{34F}", "a\u{AD}", "\u{2800}", "a\u{E000}", "a\u{10FFFF}", "a\u{2028}",
      "...", "--", "\u{301}", String(repeating: "a", count: 257),
    ])
  func refused(_ text: String) {
    #expect(FoldedName(text) == nil && FoldedName.problem(text)?.isEmpty == false)
  }

  @Test("compatibility forms are those of Python's unicodedata")
  func python() throws {
    let script = """
      import sys, unicodedata
      for c in range(0x110000):
          if 0xd800 <= c < 0xe000 or unicodedata.category(chr(c))[0] == 'C': continue
          to = unicodedata.normalize('NFKC', unicodedata.normalize('NFKC', chr(c)).casefold())
          if to != chr(c): print(f"{c:x} {','.join(f'{ord(x):x}' for x in to)}")
      """
    let directory = try TemporaryDirectory()
    try directory.write("forms.py", script)
    let output = try Python.run([directory.path.appending("forms.py").string])
    try #require(output.status == 0, "\(output.errorText)")
    var count = 0
    for line in output.text.split(separator: "\n") {
      let parts = line.split(separator: " ")
      let from = String(Unicode.Scalar(try #require(UInt32(parts[0], radix: 16)))!)
      let to = String(
        String.UnicodeScalarView(parts[1].split(separator: ",").compactMap { Unicode.Scalar(UInt32($0, radix: 16)!) }))
      // With letters around it, because a mark alone is not a name.
      guard let one = FoldedName("x\(from)y"), let other = FoldedName("x\(to)y") else { continue }
      count += 1
      #expect(one == other, "U+\(parts[0])")
    }
    #expect(count > 4_000)
  }
}
