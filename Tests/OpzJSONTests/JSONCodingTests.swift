import FoundationEssentials
import OpzJSON
import OpzTestKit
import Testing

/// `Codable` types are written and read the way Foundation does.
@Suite("Codable types")
struct JSONCodingTests {
  private struct Everything: Codable, Equatable {
    enum Kind: String, Codable { case one, two = "the-second" }
    enum Choice: Codable, Equatable { case plain, with(Int, name: String) }

    var text = "é\"\\\n"
    var flag = true
    var int = -5
    var small: Int8 = -128
    var big: UInt64 = 1 << 62
    var whole = 2.0
    var double = 0.1
    var float: Float = 0.1
    var large = 1e300
    var none: String?
    var some: String? = "x"
    var list = [1, 2, 3]
    var nested: [[String: [Double]]] = [["a": [0.5, 1]], [:]]
    var optional: [Int?] = [1, nil]
    var map: [String: Kind] = ["k": .two]
    var numbered: [Int: String] = [1: "one"]
    var kind = Kind.one
    var choice = Choice.with(1, name: "n")
    var plain = Choice.plain
    var json: JSONValue = .object(["a": .array([.null, .integer(1), .number(0.5)])])
    var empty = Empty()

    struct Empty: Codable, Equatable {}
  }

  @Test("all kinds of members are written as Foundation writes them, and read back")
  func everything() throws {
    let value = Everything()
    let bytes = try CanonicalJSON.encode(value)
    let foundation = try JSONEncoder().encode(value)
    #expect(try JSONValue(json: bytes) == JSONValue(json: Array(foundation)))
    #expect(try JSONDecoding.decode(Everything.self, from: bytes) == value)
    #expect(try JSONDecoder().decode(Everything.self, from: Data(bytes)) == value)
    let pretty = try CanonicalJSON.encodePretty(value)
    #expect(try JSONDecoding.decode(Everything.self, from: pretty) == value)
  }

  @Test("fragments are written and read")
  func fragments() throws {
    #expect(try CanonicalJSON.encode("a") == Array("\"a\"".utf8))
    #expect(try CanonicalJSON.encode([Int?.none, 1]) == Array("[null,1]".utf8))
    #expect(try CanonicalJSON.encode([Float(0.1), 16_777_216]) == Array("[0.1,16777216]".utf8))
    #expect(try JSONDecoding.decode([String].self, from: Array("[\"a\"]".utf8)) == ["a"])
    #expect(throws: EncodingError.self) { try CanonicalJSON.encode([Double.nan]) }
    #expect(throws: EncodingError.self) { try CanonicalJSON.encode(Float.infinity) }
  }

  @Test("64-bit integers are exact")
  func whole() throws {
    #expect(try JSONDecoding.decode(UInt64.self, from: Array("18446744073709551615".utf8)) == .max)
    #expect(try JSONDecoding.decode(UInt64.self, from: Array("9223372036854775809".utf8)) == 1 << 63 + 1)
    #expect(try JSONDecoding.decode(Int.self, from: Array("2.0".utf8)) == 2)
    for text in ["-1", "18446744073709551616", "1.5", "1e99"] {
      #expect(throws: JSONFailure.self) { try JSONDecoding.decode(UInt64.self, from: Array(text.utf8)) }
    }
    #expect(throws: JSONFailure.self) { try JSONDecoding.decode(Int8.self, from: Array("128".utf8)) }
  }

  private struct Outer: Codable {
    struct Inner: Codable { var size: Int }
    var layers: [Inner]
  }

  @Test(
    "a value that does not fit is named",
    arguments: [
      ("{}", #"the key "layers" is missing"#), (#"{"layers":{}}"#, "layers: expected "),
      (#"{"layers":[{}]}"#, #"layers.0: the key "size" is missing"#),
      (#"{"layers":[{"size":"x"}]}"#, "layers.0.size: expected Int"),
      (#"{"layers":[{"size":null}]}"#, "layers.0.size: expected Int, found null"),
      (#"{"layers":[{"size":1e99}]}"#, "layers.0.size: a number"), ("[]", "expected "),
      ("{", "at byte 1: the text ends too early"),
    ])
  func named(_ text: String, _ reason: String) {
    let failure = #expect(throws: JSONFailure.self) { try JSONDecoding.decode(Outer.self, from: Array(text.utf8)) }
    #expect(failure.map { "\($0)".hasPrefix(reason) } == true, "\(String(describing: failure))")
  }
}
