import OpzJSON
import OpzTestKit
import Testing

@Suite("JSON read step by step")
struct JSONCursorTests {
  private func read<Value>(_ text: String, _ body: (inout JSONCursor) throws -> Value) throws -> Value {
    try JSONCursor.read(Array(text.utf8), body)
  }

  private func float(_ text: String) throws -> Float { try read(text) { try $0.float() } }

  private func double(_ text: String) throws -> Double {
    try read(text) { cursor in cursor.double(try cursor.number()) }
  }

  @Test("A number is read as the nearest float and the nearest double", arguments: [UInt64(1), 2, 3])
  func nearest(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<3000 {
      let text = randomNumber(&random)
      #expect(try double(text) == Double(text), "\(text)")
      #expect(try float(text).bitPattern == Float(text)?.bitPattern, "\(text)")
    }
  }

  @Test("The shortest text of every float reads back to the same bits")
  func roundTrip() throws {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<5000 {
      let value = Float(bitPattern: UInt32.random(in: .min ... .max, using: &random))
      guard value.isFinite else { continue }
      var json = JSONWriter()
      json.number(value)
      #expect(try float(String(decoding: json.bytes, as: UTF8.self)).bitPattern == value.bitPattern)
    }
  }

  @Test(
    "A decimal close to the midpoint of two floats is rounded once, not through a double",
    arguments: [
      "1.00000005960464477540", "1.00000005960464477538", "16777217.000000000001", "1.1754943e-38", "1e-46", "1e-400",
      "3.4028236e38", "1e400", "0e99999999", "-0.0", "-1e-46", "7.006492321624085e-46", "7.006492321624086e-46",
    ])
  func ties(text: String) throws { #expect(try float(text).bitPattern == Float(text)?.bitPattern) }

  private func randomNumber(_ random: inout SeededGenerator) -> String {
    func digits(_ count: Int) -> String {
      String((0..<count).map { _ in Character("\(Int.random(in: 0...9, using: &random))") })
    }
    var text = Bool.random(using: &random) ? "-" : ""
    text +=
      Bool.random(using: &random)
      ? "0" : "\(Int.random(in: 1...9, using: &random))" + digits(Int.random(in: 0...22, using: &random))
    if Bool.random(using: &random) { text += "." + digits(Int.random(in: 1...25, using: &random)) }
    if Bool.random(using: &random) { text += "e\(Int.random(in: -60...60, using: &random))" }
    return text
  }

  @Test(
    "Text that is not a number is refused",
    arguments: [
      "", "-", "01", "-01", "1.", ".5", "1e", "1e+", "+1", "0x10", "Infinity", "-Infinity", "NaN", "1_000", "--1",
      "1.2.3", "1e5.0", "١", String(repeating: "9", count: 2000),
    ])
  func noNumber(text: String) { #expect(throws: JSONFailure.self) { try float(text) } }

  @Test("Non-finite numbers are read where they are allowed")
  func nonFinite() throws {
    func read(_ text: String, _ mode: JSONOptions.NonFinite) throws -> Float {
      try JSONCursor.read(Array(text.utf8), options: JSONOptions(nonFinite: mode)) { try $0.float() }
    }
    #expect(try read("NaN", .nan).isNaN && read("NaN", .all).isNaN)
    #expect(try read("-Infinity", .all) == -.infinity && read("Infinity", .all) == .infinity && read("-5", .all) == -5)
    #expect(throws: JSONFailure.self) { try read("Infinity", .nan) }
    #expect(throws: JSONFailure.self) { try read("-NaN", .all) }
  }

  @Test(
    "Strings are decoded",
    arguments: [
      (#""""#, ""), (#""abc""#, "abc"), (#""a\"\\\/\b\f\n\r\t""#, "a\"\\/\u{8}\u{c}\n\r\t"), (#""\u00e9\u0041""#, "éA"),
      (#""\ud83d\ude00!""#, "😀!"), ("\"é😀\"", "é😀"), (#""\u0000""#, "\0"),
      (#""01234567\"89abcdef""#, "01234567\"89abcdef"),
    ])
  func strings(text: String, expected: String) throws { #expect(try read(text) { try $0.string() } == expected) }

  @Test("Integers must be whole and in range")
  func integers() throws {
    #expect(try read("[1,-2,9223372036854775807,-9223372036854775808]") { try $0.integers() } == [1, -2, .max, .min])
    for text in ["1.0", "1e2", "9223372036854775808", "\"1\"", "null"] {
      #expect(throws: JSONFailure.self) { try read(text) { try $0.integer() } }
    }
  }

  @Test("Values are skipped whole; lists and objects are iterated")
  func skip() throws {
    let text = #"{"a":[1,-2.5e3,{"b":null,"c":[true,false]}],"d":"\u00e9]}","e":{},"f":[],"g":["x","y"]}"#
    var keys: [String] = []
    var texts: [String] = []
    try read(text) { cursor in
      try cursor.object("it") { key, cursor in
        keys.append(key)
        if key == "g" { texts = try cursor.strings() } else { try cursor.skip() }
      }
    }
    #expect(keys == ["a", "d", "e", "f", "g"] && texts == ["x", "y"])
  }

  @Test("An error says where it is")
  func place() {
    let failure = #expect(throws: JSONFailure.self) { try read(#"{"a": [1, x]}"#) { try $0.skip() } }
    #expect(failure?.offset == 10)
  }

  @Test("Another parser reads what is written")
  func writer() throws {
    let text = "\"quotes\", \\ back, \r\n\t\u{1}\u{1f} and é😀"
    var json = JSONWriter()
    json.strings([text, ""])
    #expect(try JSONValue(json: json.bytes).textList == [text, ""])
    json = JSONWriter()
    json.list([Float.nan, .infinity, -.infinity, 0.1, -0.0, 1e-45, 3.4028235e38]) { $0.number($1) }
    #expect(String(decoding: json.bytes, as: UTF8.self) == "[null,null,null,0.1,-0.0,1e-45,3.4028235e+38]")
  }
}
