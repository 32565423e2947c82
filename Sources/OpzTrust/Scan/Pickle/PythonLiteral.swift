/// A value in Python's syntax, as `ast.literal_eval` reads it: strings, numbers, tuples, lists, dictionaries, True,
/// False and None.
indirect enum PythonLiteral: Hashable {
  case text(String)
  case bytes([UInt8])
  case number(Int64)
  case bool(Bool)
  case none
  /// A number that no header has: with a fraction, or too large.
  case unsupportedNumber
  case tuple([PythonLiteral])
  case list([PythonLiteral])
  case dictionary([Entry])

  struct Entry: Hashable {
    let key: PythonLiteral
    let value: PythonLiteral
  }

  /// Why a text is not such a value, or only Python itself could read it.
  struct Problem: Error {
    let reason: String
  }

  /// Parses a value; nothing may follow it.
  /// - Throws: `Problem`.
  init(_ text: String) throws {
    var parser = Parser(rest: Array(text.unicodeScalars)[...])
    self = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.rest.isEmpty else { throw Problem(reason: "has text after its value") }
  }

  /// The value of a key; the last one if the key is repeated.
  subscript(key: String) -> PythonLiteral? {
    guard case .dictionary(let entries) = self else { return nil }
    return entries.last { $0.key == .text(key) }?.value
  }
}

extension PythonLiteral {
  private struct Parser {
    var rest: ArraySlice<Unicode.Scalar>

    private static let depthLimit = 32

    mutating func skipSpace() {
      while let next = rest.first {
        if next == "#" {
          rest = rest.drop { $0 != "\n" }
        } else if next == "\\", rest.dropFirst().first == "\n" {
          rest = rest.dropFirst(2)
        } else if next == " " || ("\t"..."\r").contains(next) {
          rest.removeFirst()
        } else {
          return
        }
      }
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
      skipSpace()
      guard rest.first == scalar else { return false }
      rest.removeFirst()
      return true
    }

    mutating func value(depth: Int) throws -> PythonLiteral {
      guard depth < Parser.depthLimit else { throw Problem(reason: "is nested deeper than \(Parser.depthLimit)") }
      if take("(") { return try tuple(depth) }
      if take("[") { return .list(try items(until: "]", depth).items) }
      if take("{") { return try dictionary(depth) }
      guard let next = rest.first else { throw Problem(reason: "is cut short") }
      if next == "'" || next == "\"" { return try texts() }
      if ("0"..."9").contains(next) || "+-.".unicodeScalars.contains(next) { return try number() }
      return try word()
    }

    private mutating func items(until end: Unicode.Scalar, _ depth: Int) throws
      -> (items: [PythonLiteral], hasComma: Bool)
    {
      var items: [PythonLiteral] = []
      var hasComma = false
      while !take(end) {
        guard items.isEmpty || hasComma else { throw Problem(reason: "has values without a comma between") }
        items.append(try value(depth: depth + 1))
        hasComma = take(",")
      }
      return (items, hasComma)
    }

    /// Reads what is in parentheses; a single value without a comma is not a tuple.
    private mutating func tuple(_ depth: Int) throws -> PythonLiteral {
      let (items, hasComma) = try items(until: ")", depth)
      if items.count == 1, !hasComma {
        // Strings are joined with adjacent ones, but not across parentheses.
        return items[0]
      }
      return .tuple(items)
    }

    private mutating func dictionary(_ depth: Int) throws -> PythonLiteral {
      var entries: [Entry] = []
      var hasComma = true
      while !take("}") {
        guard hasComma else { throw Problem(reason: "has entries without a comma between") }
        let key = try value(depth: depth + 1)
        guard take(":") else { throw Problem(reason: "has a key without a value") }
        entries.append(Entry(key: key, value: try value(depth: depth + 1)))
        hasComma = take(",")
      }
      return .dictionary(entries)
    }

    private mutating func number() throws -> PythonLiteral {
      var text: [UInt8] = []
      while let next = rest.first, next.isASCII,
        next.properties.isAlphabetic || ("0"..."9").contains(next)
          || "+-._".unicodeScalars.contains(next)
      {
        text.append(UInt8(next.value))
        rest.removeFirst()
        if next == "+" || next == "-" { skipSpace() }
      }
      // Python 2 wrote 3L.
      if let last = text.last, last | 0x20 == UInt8(ascii: "l") { text.removeLast() }
      let digits = text.drop { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
      let prefixes: [UInt8: UInt64] = [UInt8(ascii: "x"): 16, UInt8(ascii: "o"): 8, UInt8(ascii: "b"): 2]
      let base =
        digits.first == UInt8(ascii: "0") && digits.count > 1 ? prefixes[digits[digits.startIndex + 1] | 0x20] : nil
      guard let number = PythonNumber(text, base: base ?? 10) else { return .unsupportedNumber }
      return number.value.map { .number($0) } ?? .unsupportedNumber
    }

    private mutating func word() throws -> PythonLiteral {
      let name = String(
        String.UnicodeScalarView(rest.prefix { $0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "_" }))
      let after = rest.dropFirst(name.unicodeScalars.count).first
      if after == "'" || after == "\"", ["r", "u", "b", "br", "rb"].contains(name.lowercased()) { return try texts() }
      rest = rest.dropFirst(name.unicodeScalars.count)
      switch name {
      case "True": return .bool(true)
      case "False": return .bool(false)
      case "None": return .none
      default: throw Problem(reason: "has something that is not a literal")
      }
    }

    // MARK: Strings

    /// Reads a string, joined with adjacent ones.
    private mutating func texts() throws -> PythonLiteral {
      var text = String.UnicodeScalarView()
      var isBytes: Bool?
      while let piece = try piece() {
        guard isBytes ?? piece.isBytes == piece.isBytes else { throw Problem(reason: "mixes strings and bytes") }
        isBytes = piece.isBytes
        text.append(contentsOf: piece.text)
        skipSpace()
      }
      guard isBytes == true else { return .text(String(text)) }
      return .bytes(text.map { UInt8(truncatingIfNeeded: $0.value) })
    }

    private mutating func piece() throws -> (text: String.UnicodeScalarView, isBytes: Bool)? {
      let prefix = rest.prefix { "rRuUbB".unicodeScalars.contains($0) }.map { $0.properties.lowercaseMapping }
      let body = rest.dropFirst(prefix.count)
      guard let quote = body.first, quote == "'" || quote == "\"",
        ["", "r", "u", "b", "br", "rb"].contains(prefix.joined())
      else { return nil }
      rest = body.dropFirst()
      let isLong = rest.starts(with: [quote, quote])
      if isLong { rest = rest.dropFirst(2) }
      let end = [Unicode.Scalar](repeating: quote, count: isLong ? 3 : 1)
      let isRaw = prefix.contains("r")
      let isBytes = prefix.contains("b")
      var text = String.UnicodeScalarView()
      while !rest.starts(with: end) {
        guard let next = rest.popFirst(), isLong || next != "\n" else {
          throw Problem(reason: "has an unterminated string")
        }
        if next != "\\" {
          text.append(next)
        } else if isRaw {
          text.append(next)
          guard let after = rest.popFirst() else { throw Problem(reason: "has an unterminated string") }
          text.append(after)
        } else if let scalar = try escape(isBytes: isBytes) {
          text.append(contentsOf: scalar)
        }
      }
      rest = rest.dropFirst(end.count)
      return (text, isBytes)
    }

    /// Reads what follows a backslash; nil for the end of a line.
    private mutating func escape(isBytes: Bool) throws -> [Unicode.Scalar]? {
      guard let kind = rest.popFirst() else { throw Problem(reason: "has an unterminated string") }
      let simple: [Unicode.Scalar: Unicode.Scalar] = [
        "\\": "\\", "'": "'", "\"": "\"", "a": "\u{7}", "b": "\u{8}", "f": "\u{c}", "n": "\n", "r": "\r", "t": "\t",
        "v": "\u{b}",
      ]
      if kind == "\n" { return nil }
      if let scalar = simple[kind] { return [scalar] }
      if ("0"..."7").contains(kind) {
        var value = kind.value - 48
        for _ in 0..<2 {
          guard let next = rest.first, ("0"..."7").contains(next) else { break }
          value = value * 8 + next.value - 48
          rest.removeFirst()
        }
        return [Unicode.Scalar(value)!]
      }
      if kind == "x" { return [try code(2)] }
      if !isBytes, kind == "u" { return [try code(4)] }
      if !isBytes, kind == "U" { return [try code(8)] }
      guard isBytes || kind != "N" else { throw Problem(reason: "has a character given by name") }
      // An unknown escape stands for itself, including its backslash.
      return ["\\", kind]
    }

    private mutating func code(_ count: Int) throws -> Unicode.Scalar {
      let digits = String(String.UnicodeScalarView(rest.prefix(count)))
      guard digits.unicodeScalars.count == count, digits.utf8.first != UInt8(ascii: "+"),
        let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value)
      else { throw Problem(reason: "has an invalid escape") }
      rest = rest.dropFirst(count)
      return scalar
    }
  }
}
