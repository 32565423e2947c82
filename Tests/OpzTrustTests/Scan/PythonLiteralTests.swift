import OpzIO
import OpzTestKit
import Testing

@testable import OpzTrust

@Suite("Python literals, compared with Python itself")
struct PythonLiteralTests {
  @Test("numbers are read as int() reads them", arguments: [1, 2] as [UInt64])
  func numbers(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let alphabet = Array("0123789_+- \t\n\u{b}\u{c}\r\u{0}xLe".utf8)
    let texts = (0..<3_000).map { _ in
      (0..<Int.random(in: 0...6, using: &random)).map { _ in alphabet.randomElement(using: &random)! }
    }
    for (text, answer) in zip(texts, try PickleNamesTests.oracle("python", ["int"], lines: texts)) {
      let read = PythonNumber(text, base: 10)?.value.map(String.init) ?? "no"
      #expect(read == answer, "\(text)")
    }
  }

  @Test("values are read as ast.literal_eval reads them", arguments: [3, 4] as [UInt64])
  func literals(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let pieces = [
      "{", "}", "(", ")", "[", "]", ",", ":", " ", "\n", "'a'", "\"b\"", "'\\x4f'", "'\\117'", "'\\u004f'", "r'\\x'",
      "b'c'", "u'd'", "'''e\nf'''", "1", "-2",
      "+3", "1_0", "0x1f", "1.5", "True", "False", "None", "#x\n", "'descr'", "\\\n", "9999999999999999999999", "''",
      "rb'g'", "'\\N{DIGIT ONE}'", "name",
    ]
    let shapes = ["{'descr': %, 'shape': %}", "(%, %)", "[%]", "{%: %}", "(%)", "[(%, %), (%, %, %)]", "%", "% %"]
    let texts = (0..<3_000).map { _ -> [UInt8] in
      var text = ""
      for character in shapes.randomElement(using: &random)! {
        guard character == "%" else {
          text.append(character)
          continue
        }
        for _ in 0..<Int.random(in: 1...2, using: &random) { text += pieces.randomElement(using: &random)! }
      }
      return Array(text.utf8)
    }
    var both = 0
    for (text, answer) in zip(texts, try PickleNamesTests.oracle("python", ["literal"], lines: texts)) {
      // What opz refuses is an error of the scan. What it reads, Python reads the same way.
      guard let read = try? PythonLiteral(String(decoding: text, as: UTF8.self)) else { continue }
      if answer != "no" { both += 1 }
      #expect(answer == "no" || answer == read.shown, "\(String(decoding: text, as: UTF8.self))")
    }
    #expect(both > 500)
  }

  @Test("arrays: if opz says that there are no objects, NumPy finds none and agrees on the size")
  func types() throws {
    let codes = [
      "f8", "i4", "O", "O8", "U3", "S5", "V7", "b1", "M8[ns]", "m8", "c16", "u1", "f2", "object", "int8", "float64",
      "bool", "?", "B", "e", "a3",
    ]
    var texts: [String] = []
    for code in codes + [
      "O4", "f3", "i3", "int", "l", "2O", "(2,)f8", "f8,O", "Object0", "M8[D", "x", "", "O9", "V", "S", "U",
    ] {
      for order in ["", "<", ">", "|", "="] {
        texts += ["'\(order)\(code)'", "[('a', '\(order)\(code)')]", "[('a', 'f8'), ('b', '\(order)\(code)', (2, 3))]"]
        texts += [
          "('\(order)\(code)', (4,))", "[(('t', 'a'), '\(order)\(code)')]", "[('a', [('b', '\(order)\(code)')])]",
        ]
      }
    }
    var both = 0
    for (text, answer) in zip(
      texts, try PickleNamesTests.oracle("python", ["dtype"], lines: texts.map { Array($0.utf8) }))
    {
      guard let read = NumPyType(try PythonLiteral(text)) else { continue }
      guard answer != "no" else { continue }
      both += 1
      #expect("\(read.holdsObjects ? 1 : 0) \(read.size)" == answer, "\(text)")
    }
    #expect(both > 300)
  }
}

extension PythonLiteral {
  /// Values in the notation of `python.py`.
  fileprivate var shown: String {
    switch self {
    case .text(let text): "s" + Hex.encode(Array(text.utf8))
    case .bytes(let bytes): "b" + Hex.encode(bytes)
    case .number(let number): "i\(number)"
    case .unsupportedNumber: "n"
    case .bool(let value): value ? "True" : "False"
    case .none: "None"
    case .tuple(let items): "(" + items.map(\.shown).joined(separator: ",") + ")"
    case .list(let items): "[" + items.map(\.shown).joined(separator: ",") + ")"
    case .dictionary(let entries):
      "{"
        + Dictionary(entries.map { ($0.key.shown, $0.value.shown) }, uniquingKeysWith: { $1 }).map { "\($0):\($1)" }
        .sorted().joined(separator: ",") + "}"
    }
  }
}
