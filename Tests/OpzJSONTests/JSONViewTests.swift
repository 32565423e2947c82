import OpzJSON
import OpzTestKit
import Testing

/// A text that is read in place gives the same value as when it is decoded whole, or is refused.
@Suite("JSON read in place")
struct JSONPlaceTests {
  private static func read(_ text: String) -> JSONValue? { try? JSONView.read(Array(text.utf8)) { $0.value } }

  @Test("a duplicate among many members is found, wherever it is", arguments: [2, 16, 17, 18, 40])
  func twice(count: Int) {
    let names = (0..<count).map { "\"k\($0)\":\($0)" }
    #expect(Self.read("{\(names.joined(separator: ","))}")?.object?.count == count)
    for index in [0, count / 2, count - 1] {
      #expect(Self.read("{\((names + ["\"k\(index)\":0"]).joined(separator: ","))}") == nil)
    }
  }

  @Test("members are found by name, except null ones; lists and strings keep their values")
  func members() throws {
    let digest = "sha256:" + String(repeating: "0a", count: 32)
    let text = #"{"a":{"b":"x"},"n":null,"l":["p","q"],"m":["p",1],"t":{"k":"v"},"d":"\#(digest)","i":-12,"y":true}"#
    let isRight = try JSONView.read(Array(text.utf8)) { json -> Bool in
      #expect(json["a"]?["b"]?.string == "x" && json["n"] == nil && json["x"] == nil && json["a"]?["x"] == nil)
      #expect(json["l"]?.textList == ["p", "q"] && json["m"]?.textList == nil && json["t"]?.textList == nil)
      #expect(json["t"]?.texts == ["k": "v"] && json["l"]?.texts == nil)
      #expect(json["d"]?.plainText.map { String(decoding: $0, as: UTF8.self) } == digest && json["a"]?.plainText == nil)
      #expect(json["i"]?.integer == -12 && json["i"]?.string == nil && json["y"]?.bool == true)
      #expect(json.members?.map(\.key) == ["a", "n", "l", "m", "t", "d", "i", "y"])
      return true
    }
    #expect(isRight)
  }
}
