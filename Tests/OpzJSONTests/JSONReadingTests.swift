import FoundationEssentials
import OpzJSON
import OpzTestKit
import Testing

@Suite("Reading JSON")
struct JSONReadingTests {
  private func foundation(_ bytes: [UInt8]) -> JSONValue? {
    try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))
  }

  private func read(_ bytes: [UInt8]) -> JSONValue? { try? JSONValue(json: bytes) }

  @Test("random documents are read as Foundation reads them", arguments: 0..<40)
  func random(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<25 {
      let value = RandomJSON.document(&generator, depth: 0)
      let bytes = try Bool.random(using: &generator) ? CanonicalJSON.encode(value) : CanonicalJSON.encodePretty(value)
      let found = try #require(read(bytes), "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
      #expect(found == value)
      #expect(found == foundation(bytes))
    }
  }

  @Test("a document with some bytes changed is read as Foundation reads it, or not at all", arguments: 0..<40)
  func changed(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed &+ 1000)
    for _ in 0..<50 {
      var bytes = try CanonicalJSON.encode(RandomJSON.document(&generator, depth: 0))
      for _ in 0..<Int.random(in: 1...3, using: &generator) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
        case 1: bytes.remove(at: place)
        default: bytes.insert(Array("{}[]\",:0-.eE\\u1 ".utf8).randomElement(using: &generator) ?? 0, at: place)
        }
      }
      guard let found = read(bytes) else { continue }
      #expect(found == foundation(bytes), "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
      // Skipping it and reading it in place refuse the same documents.
      #expect(throws: Never.self) { try JSONCursor.read(bytes) { try $0.skip() } }
    }
  }

  @Test(
    "strings with escapes, and numbers at their limits",
    arguments: [
      #""\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t""#, #""\u00E9""#, "9223372036854775807", "-9223372036854775808", "-0", "0",
      "1e-7", "-1.5E+3", "1.0", "1e5", "0.1", "5e-324", "9223372036854775808", "[ ]", "{ }", " [1 , 2]\n", "true",
      "false", "null", #"{"a":{"b":[null]}}"#, #"{"é":1,"\u0061":2}"#, "\"\"", "\"é\"", "\"0123456\\n89abcdef\"",
    ])
  func edges(_ text: String) {
    let found = read(Array(text.utf8))
    #expect(found != nil && found == foundation(Array(text.utf8)))
  }

  @Test(
    "what is not JSON is refused",
    arguments: [
      "", " ", "{", "[1,]", "{\"a\":1,}", "01", "-01", "1.", ".5", "+1", "-", "1e", "1-2", "NaN", "Infinity",
      #""\x41""#,
      "\"a\nb\"", "'a'", "{a:1}", "{1:2}", "{\"a\" 1}", "{\"a\"}", "tru", "nul", "[1 2]", "// c\n1", "\"", "\"a",
      "\"\u{1}\"", "\"01234567\u{1}\"", #""\u12g4""#, #""\u12"#, "\"\\", "1e400", String(repeating: "9", count: 2000),
    ])
  func refused(_ text: String) {
    #expect(throws: JSONFailure.self) { try JSONValue(json: Array(text.utf8)) }
    if text != "1e400" {
      #expect(throws: JSONFailure.self) { try JSONCursor.read(Array(text.utf8)) { try $0.skip() } }
    }
  }

  static let ambiguous: [[UInt8]] =
    [
      "{\"a\":1,\"a\":2}", #"{"a":1,"\u0061":2}"#, #"[{"x":{"é":1,"\u00e9":2}}]"#, "{\"\u{e9}\":1,\"e\u{301}\":2}",
      "[1] 2", "[]]", "{}{}", "\u{feff}1", #""\ud800""#, #""\udc00\ud800""#, #""\ud800\u0041""#,
    ].map { Array($0.utf8) } + [
      [0x22, 0xFF, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x7B, 0, 0x7D, 0],
      [0, 0x7B, 0, 0x7D],
      [0xFF, 0xFE, 0x7B, 0, 0x7D, 0], [0xFE, 0xFF, 0, 0x7B, 0, 0x7D], [0xEF, 0xBB, 0xBF, 0x7B, 0x7D],
    ]

  @Test("what two readers read differently is refused as ambiguous", arguments: ambiguous)
  func ambiguity(_ bytes: [UInt8]) {
    #expect(throws: JSONFailure.self) { try JSONCursor.read(bytes) { try $0.skip() } }
    let failure = #expect(throws: JSONFailure.self) { try JSONValue(json: bytes) }
    #expect(failure?.kind == .ambiguous)
  }

  @Test("a duplicate among many members is found, wherever it is", arguments: [2, 23, 24, 25, 26, 60])
  func twice(count: Int) throws {
    let names = (0..<count).map { "\"k\($0)\":\($0)" }
    #expect(try JSONValue(json: Array("{\(names.joined(separator: ","))}".utf8)).object?.count == count)
    for index in [0, count / 2, count - 1] {
      let text = Array("{\((names + ["\"k\(index)\":0"]).joined(separator: ","))}".utf8)
      #expect(throws: JSONFailure.self) { try JSONValue(json: text) }
      #expect(throws: JSONFailure.self) { try JSONCursor.read(text) { try $0.skip() } }
    }
  }

  @Test("all readers have the same depth limit", arguments: [("[", "]"), ("{\"a\":", "}")])
  func depth(_ open: String, _ close: String) throws {
    func text(_ depth: Int) -> [UInt8] {
      Array((String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)).utf8)
    }
    let most = text(JSONOptions.depthLimit)
    #expect(throws: Never.self) { try JSONValue(json: most) }
    #expect(throws: Never.self) { try JSONCursor.read(most) { try $0.skip() } }
    #expect(try CanonicalJSON.encode(JSONValue(json: most)) == most)
    #expect(try CanonicalJSON.encode(JSONDecoding.decode(JSONValue.self, from: most)) == most)
    for depth in [JSONOptions.depthLimit + 1, 100_000] {
      let failure = #expect(throws: JSONFailure.self) { try JSONValue(json: text(depth)) }
      #expect(failure?.kind == .tooDeep)
      let passing = #expect(throws: JSONFailure.self) { try JSONCursor.read(text(depth)) { try $0.skip() } }
      #expect(passing?.kind == .tooDeep)
    }
    #expect(throws: JSONFailure.self) { try JSONValue(json: Array(String(repeating: open, count: 1_000_000).utf8)) }
  }

  @Test("sizes, numbers and members are limited")
  func limits() {
    let large = #expect(throws: JSONFailure.self) {
      try JSONValue(json: Array("[1,2,3]".utf8), options: JSONOptions(size: 6))
    }
    #expect(large?.kind == .tooLarge)
    let many = #expect(throws: JSONFailure.self) {
      try JSONCursor.read(Array(#"{"a":1,"b":2,"c":3}"#.utf8), options: JSONOptions(memberCount: 2)) { try $0.skip() }
    }
    #expect(many?.kind == .tooLarge)
  }
}
