import OpzHTTPServer
import OpzJSON
import OpzTestKit
import Testing

@testable import OpzServe

@Suite("JSON text")
struct JSONCursorTests {
  private func number(_ text: String) throws -> (JSONCursor, JSONNumber) {
    var cursor = JSONCursor(Array(text.utf8))
    let number = try cursor.number()
    try cursor.expectEnd()
    return (cursor, number)
  }

  @Test("A number is the nearest float and the nearest double", arguments: [UInt64(1), 2, 3])
  func nearest(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<3000 {
      let text = randomNumber(&random)
      let (cursor, number) = try number(text)
      #expect(cursor.double(number) == Double(text), "\(text)")
      #expect(cursor.float(number) == Float(text), "\(text)")
    }
  }

  @Test("Every float's shortest text reads back to its bits")
  func roundTrip() throws {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<5000 {
      let value = Float(bitPattern: UInt32.random(in: .min ... .max, using: &random))
      guard value.isFinite else { continue }
      var json = JSONWriter()
      json.number(value)
      let (cursor, number) = try number(String(decoding: json.bytes, as: UTF8.self))
      #expect(cursor.float(number).bitPattern == value.bitPattern)
    }
  }

  @Test(
    "A decimal beside the middle of two floats is rounded once, not by way of a double",
    arguments: [
      "1.00000005960464477540", "1.00000005960464477538", "16777217.000000000001", "1.1754943e-38", "1e-46", "1e-400",
      "3.4028236e38", "1e400", "0e99999999",
    ])
  func ties(text: String) throws {
    let (cursor, number) = try number(text)
    #expect(cursor.float(number) == Float(text))
  }

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
    "Text that is no number is refused",
    arguments: [
      "", "-", "01", "-01", "1.", ".5", "1e", "1e+", "+1", "0x10", "Infinity", "-Infinity", "1_000", "--1", "1.2.3",
      "1e5.0",
      "١", String(repeating: "9", count: 2000),
    ])
  func noNumber(text: String) { #expect(throws: RequestFailure.self) { try number(text) } }

  @Test(
    "Integers keep to their type",
    arguments: [
      ("0", Datatype.uint8, Float(0)), ("255", .uint8, 255), ("256", .uint8, nil), ("-1", .uint8, nil),
      ("-128", .int8, -128),
      ("-129", .int8, nil), ("128", .int8, nil), ("1.0", .int64, nil), ("1e2", .int64, nil), ("-0", .int32, -0.0),
      ("18446744073709551615", .uint64, 0x1p64), ("18446744073709551616", .uint64, nil),
      ("9223372036854775807", .int64, 0x1p63), ("9223372036854775808", .int64, nil),
      ("-9223372036854775808", .int64, -0x1p63), ("-9223372036854775809", .int64, nil),
      ("99999999999999999999999999", .uint64, nil),
    ] as [(String, Datatype, Float?)])
  func integers(text: String, datatype: Datatype, expected: Float?) throws {
    let (cursor, number) = try number(text)
    let limits = try #require(datatype.integers)
    #expect(cursor.integer(number, limits) == expected)
  }

  @Test(
    "Strings are decoded",
    arguments: [
      (#""""#, ""), (#""abc""#, "abc"), (#""a\"\\\/\b\f\n\r\t""#, "a\"\\/\u{8}\u{c}\n\r\t"), (#""\u00e9\u0041""#, "éA"),
      (#""\ud83d\ude00!""#, "😀!"), ("\"é😀\"", "é😀"), (#""\u0000""#, "\0"),
    ])
  func strings(text: String, expected: String) throws {
    var cursor = JSONCursor(Array(text.utf8))
    #expect(try cursor.string() == expected)
    try cursor.expectEnd()
  }

  @Test(
    "Strings that are not JSON's are refused",
    arguments: [
      Array("\"abc".utf8), Array("\"a\u{1}\"".utf8), Array(#""\x""#.utf8), Array(#""\u12g4""#.utf8),
      Array(#""\ud800""#.utf8),
      Array(#""\ud800\u0041""#.utf8), Array(#""\udc00""#.utf8), Array(#""\u12"#.utf8), [0x22, 0xff, 0x22],
      [0x22, 0xc0, 0xaf, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22], Array("\"\\".utf8), Array("abc".utf8),
    ])
  func badStrings(bytes: [UInt8]) {
    var cursor = JSONCursor(bytes)
    #expect(throws: RequestFailure.self) { try cursor.string() }
  }

  @Test("Values are skipped whole, and no deeper than the limit")
  func skip() throws {
    let text = #"{"a":[1,-2.5e3,{"b":null,"c":[true,false,NaN]}],"d":"\u00e9]}","e":{},"f":[]}"#
    var cursor = JSONCursor(Array(text.utf8))
    try cursor.skipValue()
    try cursor.expectEnd()
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
      let deep = String(repeating: open, count: 100_000) + "1" + String(repeating: close, count: 100_000)
      var cursor = JSONCursor(Array(deep.utf8))
      #expect(throws: RequestFailure.self) { try cursor.skipValue() }
    }
  }

  @Test(
    "Values that do not end are refused",
    arguments: ["[1,", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":1,}", "{1:2}", "{\"a\":1,\"a\":2}", "nul", "tru", "[", "{"])
  func unfinished(text: String) {
    var cursor = JSONCursor(Array(text.utf8))
    #expect(throws: RequestFailure.self) {
      try cursor.skipValue()
      try cursor.expectEnd()
    }
  }

  @Test("What is written is read by another parser")
  func writer() throws {
    let text = "\"quotes\", \\ back, \n\t\u{1}\u{1f} and é😀"
    var json = JSONWriter()
    json.strings([text, ""])
    let answer = Answer.json(json.bytes)
    #expect(try answer.decoded([String].self) == [text, ""])
    json = JSONWriter()
    json.list([Float.nan, .infinity, -.infinity, 0.1, -0.0, 1e-45, 3.4028235e38]) { $0.number($1) }
    #expect(String(decoding: json.bytes, as: UTF8.self) == "[null,null,null,0.1,-0.0,1e-45,3.4028235e+38]")
  }
}
