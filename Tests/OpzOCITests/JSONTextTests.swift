import FoundationEssentials
import OpzIO
import OpzOCI
import OpzTestKit
import Testing

@Suite("JSON in one pass")
struct JSONTextTests {
  private func foundation(_ text: String) -> JSONValue? {
    try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
  }

  @Test("random documents are what Foundation reads", arguments: 0..<40)
  func random(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<25 {
      let value = document(&generator, depth: 0)
      let bytes = try Bool.random(using: &generator) ? CanonicalJSON.encode(value) : CanonicalJSON.encodePretty(value)
      let read = try #require(JSONValue(plain: bytes), "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
      #expect(read == value)
      #expect(read == foundation(String(decoding: bytes, as: UTF8.self)))
    }
  }

  @Test("a document with some bytes changed is read as Foundation reads it, or not at all", arguments: 0..<40)
  func changed(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed &+ 1000)
    for _ in 0..<50 {
      var bytes = try CanonicalJSON.encode(document(&generator, depth: 0))
      for _ in 0..<Int.random(in: 1...3, using: &generator) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
        case 1: bytes.remove(at: place)
        default: bytes.insert(Array("{}[]\",:0-.eE\\u1 ".utf8).randomElement(using: &generator) ?? 0, at: place)
        }
      }
      guard let read = JSONValue(plain: bytes) else { continue }
      let expected = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))
      #expect(read == expected, "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
    }
  }

  @Test(
    "texts with escapes and numbers at their ends",
    arguments: [
      #""\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t""#, "9223372036854775807", "-9223372036854775808", "-0", "0", "1e-7",
      "-1.5E+3",
      "0.1", "5e-324", "[ ]", "{ }", " [1 , 2]\n", "true", "false", "null", #"{"a":{"b":[null]}}"#,
    ])
  func edges(_ text: String) {
    let read = JSONValue(plain: Array(text.utf8))
    if text == "-1.5E+3" { return #expect(read == nil, "-1500 is whole, but is not written so") }
    #expect(read != nil && read == foundation(text))
  }

  @Test(
    "what two readers might take differently is not read",
    arguments: [
      "", " ", "{", "[1,]", "{\"a\":1,\"a\":2}", "{\"\u{e9}\":1,\"e\u{301}\":2}", "01", "1.", ".5", "+1", "1e", "NaN",
      "Infinity",
      "9223372036854775808", "1.0", "1e5", "1e999", #""\ud800""#, #""\udc00\ud800""#, #""\x41""#, "\"a\nb\"", "'a'",
      "{a:1}",
      "[1] 2", "tru", "\u{feff}1", "[1 2]", "// c\n1", #""\u00E9""#, "\"",
    ])
  func refused(_ text: String) { #expect(JSONValue(plain: Array(text.utf8)) == nil) }

  @Test("text that is not UTF-8, and more levels than there may be, are not read")
  func hostile() {
    #expect(JSONValue(plain: [0x22, 0xFF, 0x22]) == nil)
    #expect(JSONValue(plain: [0x22, 0xED, 0xA0, 0x80, 0x22]) == nil)
    #expect(JSONValue(plain: [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)) == nil)
  }

  private func document(_ generator: inout SeededGenerator, depth: Int) -> JSONValue {
    switch Int.random(in: 0..<(depth > 4 ? 6 : 8), using: &generator) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &generator))
    case 2:
      return .integer(Int64.random(in: .min ... .max, using: &generator) >> Int64.random(in: 0..<64, using: &generator))
    case 3:
      let number = Double.random(in: -1...1, using: &generator)
      return .number(number == 0 ? 0.5 : number)
    case 4, 5: return .string(text(&generator))
    case 6:
      return .array((0..<Int.random(in: 0...4, using: &generator)).map { _ in document(&generator, depth: depth + 1) })
    default:
      var members: [String: JSONValue] = [:]
      for _ in 0..<Int.random(in: 0...4, using: &generator) {
        members[text(&generator)] = document(&generator, depth: depth + 1)
      }
      return .object(members)
    }
  }

  private func text(_ generator: inout SeededGenerator) -> String {
    let letters = Array("ab\"\\/\u{1}\n\té\u{1F600}\u{10FFFF}\u{2028} {}[]:,0")
    return String(
      (0..<Int.random(in: 0...6, using: &generator)).map { _ in letters.randomElement(using: &generator) ?? "a" })
  }
}
