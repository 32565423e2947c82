/// A Python literal, as the header of an .npy file has one (numpy.lib.format, "Format Version 1.0"): texts, whole
/// numbers, truth values, tuples, lists and dictionaries.
indirect enum NumpyLiteral: Equatable {
  case text(String)
  case integer(Int)
  case truth(Bool)
  case none
  case list([NumpyLiteral])
  /// Keys and values alternate.
  case dictionary([NumpyLiteral])

  /// Reads a literal and the white space around it; nil for anything else.
  static func parse(_ bytes: some Collection<UInt8>) -> NumpyLiteral? {
    var parser = Parser(rest: Array(bytes)[...])
    guard let value = parser.value(depth: 0) else { return nil }
    parser.skipSpace()
    return parser.rest.isEmpty ? value : nil
  }

  /// The value of a dictionary's key.
  subscript(key: String) -> NumpyLiteral? {
    guard case .dictionary(let items) = self else { return nil }
    return stride(from: 0, to: items.count - 1, by: 2).first { items[$0] == .text(key) }.map { items[$0 + 1] }
  }

  var text: String? { if case .text(let text) = self { text } else { nil } }
  var integer: Int? { if case .integer(let number) = self { number } else { nil } }
  var truth: Bool? { if case .truth(let truth) = self { truth } else { nil } }
  var list: [NumpyLiteral]? { if case .list(let items) = self { items } else { nil } }

  private struct Parser {
    var rest: ArraySlice<UInt8>

    mutating func skipSpace() { rest = rest.drop { $0 == 32 || $0 == 10 || $0 == 9 } }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
      skipSpace()
      guard rest.first == UInt8(ascii: character) else { return false }
      rest.removeFirst()
      return true
    }

    mutating func value(depth: Int) -> NumpyLiteral? {
      guard depth < 8 else { return nil }
      if take("(") { return items(until: ")", depth).map { .list($0) } }
      if take("[") { return items(until: "]", depth).map { .list($0) } }
      if take("{") { return items(until: "}", depth, separator: ":").map { .dictionary($0) } }
      if take("'") { return text(until: UInt8(ascii: "'")) }
      if take("\"") { return text(until: UInt8(ascii: "\"")) }
      return word()
    }

    /// Values with commas between them; in a dictionary a colon follows each key.
    mutating func items(until end: Unicode.Scalar, _ depth: Int, separator: Unicode.Scalar? = nil) -> [NumpyLiteral]? {
      var items: [NumpyLiteral] = []
      while !take(end) {
        guard let item = value(depth: depth + 1) else { return nil }
        items.append(item)
        if let separator {
          guard take(separator), let value = value(depth: depth + 1) else { return nil }
          items.append(value)
        }
        guard take(",") else { return take(end) ? items : nil }
      }
      return items
    }

    mutating func text(until quote: UInt8) -> NumpyLiteral? {
      guard let end = rest.firstIndex(of: quote), !rest[..<end].contains(UInt8(ascii: "\\")) else { return nil }
      defer { rest = rest[(end + 1)...] }
      return String(validating: rest[..<end], as: UTF8.self).map { .text($0) }
    }

    mutating func word() -> NumpyLiteral? {
      let word = rest.prefix { $0 >= 48 && $0 <= 57 || $0 >= 65 && $0 <= 90 || $0 >= 97 && $0 <= 122 }
      rest = rest[word.endIndex...]
      switch String(decoding: word, as: UTF8.self) {
      case "True": return .truth(true)
      case "False": return .truth(false)
      case "None": return NumpyLiteral.none
      // Numbers of Python 2 end with L.
      case let number: return Int(number.hasSuffix("L") ? String(number.dropLast()) : number).map { .integer($0) }
      }
    }
  }
}
