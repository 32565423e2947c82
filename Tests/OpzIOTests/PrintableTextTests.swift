import OpzIO
import Testing

@Suite("Printable text")
struct PrintableTextTests {
  @Test(
    "invisible characters are shown as numbers",
    arguments: [
      "\u{0}", "\u{7}", "\u{8}", "\u{b}", "\u{1b}", "\u{7f}", "\u{80}", "\u{85}", "\u{9b}", "\u{9f}", "\u{ad}",
      "\u{34f}", "\u{61c}",
      "\u{115f}", "\u{180e}", "\u{200b}", "\u{200c}", "\u{200d}", "\u{200e}", "\u{200f}", "\u{2028}", "\u{2029}",
      "\u{202a}",
      "\u{202b}", "\u{202c}", "\u{202d}", "\u{202e}", "\u{2060}", "\u{2063}", "\u{2066}", "\u{2067}", "\u{2068}",
      "\u{2069}",
      "\u{2800}", "\u{3164}", "\u{e000}", "\u{fe0f}", "\u{feff}", "\u{ffa0}", "\u{fff9}", "\u{fffe}", "\u{e0001}",
      "\u{e0041}",
      "\u{e0101}", "\u{f0000}", "\u{10fffd}",
    ])
  func hidden(character: String) throws {
    let number = String(try #require(character.unicodeScalars.first).value, radix: 16)
    #expect(PrintableText.text("a\(character)b") == "a\\u{\(number)}b")
    #expect(PrintableText.line("a\(character)b") == "a\\u{\(number)}b")
    #expect(PrintableText.line(bytes: Array("a\(character)b".utf8)) == "a\\u{\(number)}b")
    let json = PrintableText.json(Array("[\"a\(character)b\"]".utf8))
    #expect(json.allSatisfy { (0x20..<0x7f).contains($0) })
    let units = character.utf16.map {
      "\\u" + String(repeating: "0", count: 4 - String($0, radix: 16).count) + String($0, radix: 16)
    }
    #expect(String(decoding: json, as: UTF8.self) == "[\"a\(units.joined())b\"]")
  }

  @Test(
    "ordinary texts stay unchanged",
    arguments: [
      "", "plain", "Größe naïve", "日本語", "עברית", "العربية", "हिन्दी", "ไทย", "e\u{301}", "❤️", "👍🏽", "葛\u{e0100}", "\\u{41}",
      "£ € ₿",
    ])
  func shown(text: String) {
    #expect(PrintableText.text(text) == text)
    #expect(PrintableText.line(text) == text)
    #expect(PrintableText.json(Array(text.utf8)) == Array(text.utf8))
  }

  @Test("line breaks are kept in a text and escaped in a line")
  func lines() {
    #expect(PrintableText.text("a\n\tb\r\n") == "a\n\tb\\r\n")
    #expect(PrintableText.line("a\n\tb\r") == "a\\n\\tb\\r")
  }

  @Test("bytes that are not UTF-8 are shown one by one")
  func bytes() {
    #expect(
      PrintableText.line(bytes: [0x61, 0xff, 0xc3, 0xa9, 0xc3, 0x1b, 0xed, 0xa0, 0x80])
        == "a\\xffé\\xc3\\u{1b}\\xed\\xa0\\x80")
  }

  @Test("the length of a line is limited")
  func limit() {
    #expect(PrintableText.line("abcdef", limit: 3) == "abc..")
    #expect(PrintableText.line("abc", limit: 3) == "abc")
  }

  @Test("no control or format character of any plane is passed on")
  func all() {
    for value in stride(from: UInt32(0), through: 0x10ffff, by: 1) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse:
        let text = PrintableText.line(String(scalar))
        #expect(text.utf8.allSatisfy { (0x20..<0x7f).contains($0) }, "U+\(String(value, radix: 16))")
      default: continue
      }
    }
  }
}
