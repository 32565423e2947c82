import OpzIO
import OpzTestKit
import Testing

@testable import OpzOCI

/// A text that is read in place is the value that is made of all of it, or is refused.
@Suite("JSON read in place")
struct JSONPlaceTests {
  private static func read(_ text: String) -> JSONValue? { JSONPlace.read(Array(text.utf8)) { $0.value } }

  @Test(
    "values are those of the other reader",
    arguments: [
      "{}", "[]", "null", " true ", "0", "-1", "-0", "1.5", "1e-3", "999999999999999999", "\"\"", "\"a b\"",
      #""a\n\u00e9\ud83d\ude00""#, "\"é\"",
      #"{"a":{"b":[1,{"c":null}],"d":"x"},"e":false}"#, "[[],[[]],{}]", "{ \"a\" : [ 1 , 2.25 ] }\n",
    ])
  func values(_ text: String) throws {
    let expected = try #require(JSONValue(plain: Array(text.utf8)))
    #expect(Self.read(text) == expected)
  }

  @Test(
    "what is no JSON, or can be taken differently, is refused",
    arguments: [
      "", "{", "[1,]", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "[1 2]", "01", "1.", ".5", "-", "1e", "+1", "tru", "nul",
      "\"a", "\"\u{1}\"", #""\x""#,
      #""\ud800""#, "{1:2}", "[]]", "1.0", "1e400", "99999999999999999999", "1-2", "{\"a\" 1}", "\u{FEFF}{}",
      #"{"\u0061":1}"#, "{\"é\":1}",
    ])
  func refused(_ text: String) { #expect(Self.read(text) == nil) }

  @Test("bytes that are not UTF-8, and nesting without end, are refused")
  func hostile() {
    #expect(JSONPlace.read([0x22, 0xFF, 0x22], { $0.value }) == nil)
    #expect(JSONPlace.read([0x22, 0xED, 0xA0, 0x80, 0x22], { $0.value }) == nil)
    #expect(JSONPlace.read([UInt8](repeating: UInt8(ascii: "["), count: 1_000_000), { $0.value }) == nil)
  }

  @Test("of many members one that is there twice is found, wherever it is", arguments: [2, 16, 17, 18, 40])
  func twice(count: Int) {
    let names = (0..<count).map { "\"k\($0)\":\($0)" }
    #expect(Self.read("{\(names.joined(separator: ","))}")?.object?.count == count)
    for index in [0, count / 2, count - 1] {
      #expect(Self.read("{\((names + ["\"k\(index)\":0"]).joined(separator: ","))}") == nil)
    }
  }

  @Test("members are found by their names, null ones not; lists and texts are what they are")
  func members() throws {
    let digest = "sha256:" + String(repeating: "0a", count: 32)
    let text = #"{"a":{"b":"x"},"n":null,"l":["p","q"],"m":["p",1],"t":{"k":"v"},"d":"\#(digest)","i":-12,"y":true}"#
    let isRight = JSONPlace.read(Array(text.utf8)) { json -> Bool in
      #expect(json["a"]?["b"]?.string == "x" && json["n"] == nil && json["x"] == nil && json["a"]?["x"] == nil)
      #expect(json["l"]?.textList == ["p", "q"] && json["m"]?.textList == nil && json["t"]?.textList == nil)
      #expect(json["t"]?.texts == ["k": "v"] && json["l"]?.texts == nil)
      #expect(json["d"]?.digest == Digest(digest) && json["a"]?.digest == nil)
      #expect(json["i"]?.integer == -12 && json["i"]?.string == nil && json["y"]?.bool == true)
      #expect(json.members?.map(\.key) == ["a", "n", "l", "m", "t", "d", "i", "y"])
      return true
    }
    #expect(isRight == true)
  }

  @Test("any change of a byte gives the value that the other reader gives, or nothing", arguments: 0..<40)
  func mutated(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let text =
      #"{"format":1,"heads":["00ff","é\n"],"image":{"size":12,"x":[1.25,-3,true,null]},"details":{},"s":"a\"b"}"#
    for _ in 0..<500 {
      var bytes = Array(text.utf8)
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: bytes.indices, using: &random)
        bytes[place] =
          Bool.random(using: &random) ? UInt8.random(in: 0...255, using: &random) : bytes.randomElement(using: &random)!
      }
      guard let found = JSONPlace.read(bytes, { $0.value }) else { continue }
      #expect(found == JSONValue(plain: bytes), "\(String(decoding: bytes, as: UTF8.self))")
    }
  }
}
