/// A token of an expression or statement in a Jinja template.
enum JinjaToken: Equatable {
  case name(String)
  /// The value of a string, with escapes resolved.
  case text(String)
  case number
  case symbol(String)
  /// The end of a block. The next token belongs to another one.
  case end
}

/// Splits the blocks of a template, `{{ }}` and `{% %}`, into tokens. What is outside them is text, not code.
struct JinjaLexer {
  private let bytes: [UInt8]
  private var index = 0
  private(set) var tokens: [JinjaToken] = []

  struct Broken: Error { let reason: String }

  /// The most tokens of one template.
  private static let maximumCount = 200_000

  private init(_ text: String) { bytes = Array(text.utf8) }

  /// Reads all tokens of a template.
  /// - Throws: `Broken` for an unterminated block or string.
  static func tokens(of text: String) throws(Broken) -> [JinjaToken] {
    var lexer = JinjaLexer(text)
    try lexer.run()
    return lexer.tokens
  }

  private func at(_ text: StaticString) -> Bool {
    guard index + text.utf8CodeUnitCount <= bytes.count else { return false }
    for offset in 0..<text.utf8CodeUnitCount where bytes[index + offset] != text.utf8Start[offset] { return false }
    return true
  }

  private mutating func run() throws(Broken) {
    while index < bytes.count {
      if at("{#") {
        index += 2
        while index < bytes.count, !at("#}") { index += 1 }
        index += 2
      } else if at("{{") {
        index += 2
        try block(until: "}}")
      } else if at("{%") {
        index += 2
        let first = tokens.count
        try block(until: "%}")
        if tokens.count > first, tokens[first] == .name("raw") { skipRaw() }
      } else {
        index += 1
      }
    }
  }

  /// Skips the text between `raw` and `endraw`.
  private mutating func skipRaw() {
    while index < bytes.count {
      if at("{%") {
        let rest = bytes[(index + 2)...].drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }.drop { $0 <= 0x20 }
        if rest.starts(with: "endraw".utf8) { return }
      }
      index += 1
    }
  }

  private mutating func block(until end: StaticString) throws(Broken) {
    if index < bytes.count, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") { index += 1 }
    var depth = 0
    while true {
      guard index < bytes.count else { throw Broken(reason: "an unterminated block") }
      guard tokens.count < JinjaLexer.maximumCount else {
        throw Broken(reason: "more than \(JinjaLexer.maximumCount) tokens")
      }
      // Closing braces of a dictionary may look like the end of the block.
      if at(end), depth == 0 || end.utf8Start[0] == UInt8(ascii: "%") {
        index += 2
        return tokens.append(.end)
      }
      let byte = bytes[index]
      switch byte {
      case UInt8(ascii: "'"), UInt8(ascii: "\""): try text(byte)
      case UInt8(ascii: "0")...UInt8(ascii: "9"): number()
      case _ where JinjaLexer.isName(byte): name()
      case _ where byte <= 0x20: index += 1
      default:
        if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") || byte == UInt8(ascii: "(") { depth += 1 }
        if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") || byte == UInt8(ascii: ")") {
          depth = max(0, depth - 1)
        }
        tokens.append(.symbol(String(UnicodeScalar(byte))))
        index += 1
      }
    }
  }

  private static func isName(_ byte: UInt8) -> Bool {
    byte == 95 || byte >= 0x80 || (65...90).contains(byte) || (97...122).contains(byte)
  }

  private mutating func name() {
    let start = index
    while index < bytes.count, JinjaLexer.isName(bytes[index]) || (48...57).contains(bytes[index]) { index += 1 }
    tokens.append(.name(String(decoding: bytes[start..<index], as: UTF8.self)))
  }

  private mutating func number() {
    while index < bytes.count, (48...57).contains(bytes[index]) || bytes[index] == 95 { index += 1 }
    tokens.append(.number)
  }

  /// Reads a string with Python's escapes: `\x5f`, `\137`, `\u005f`, `\N{LOW LINE}`.
  private mutating func text(_ quote: UInt8) throws(Broken) {
    index += 1
    var found: [UInt8] = []
    while true {
      guard index < bytes.count else { throw Broken(reason: "an unterminated string") }
      let byte = bytes[index]
      index += 1
      if byte == quote { return tokens.append(.text(String(decoding: found, as: UTF8.self))) }
      guard byte == UInt8(ascii: "\\"), index < bytes.count else {
        found.append(byte)
        continue
      }
      escape(&found)
    }
  }

  private mutating func escape(_ found: inout [UInt8]) {
    let byte = bytes[index]
    index += 1
    switch byte {
    case UInt8(ascii: "n"): found.append(10)
    case UInt8(ascii: "t"): found.append(9)
    case UInt8(ascii: "r"): found.append(13)
    case UInt8(ascii: "x"): digits(2, radix: 16, &found)
    case UInt8(ascii: "u"): digits(4, radix: 16, &found)
    case UInt8(ascii: "U"): digits(8, radix: 16, &found)
    case UInt8(ascii: "0")...UInt8(ascii: "7"):
      index -= 1
      digits(3, radix: 8, &found)
    case UInt8(ascii: "N"):
      // Only somebody who hides something gives a character by name, and what is hidden is `_`.
      found += "__N__".utf8
    default: found.append(byte)
    }
  }

  private mutating func digits(_ most: Int, radix: UInt32, _ found: inout [UInt8]) {
    var value: UInt32 = 0
    var count = 0
    while count < most, index < bytes.count, let digit = Character(UnicodeScalar(bytes[index])).hexDigitValue,
      UInt32(digit) < radix
    {
      value = value &* radix &+ UInt32(digit)
      index += 1
      count += 1
    }
    if let scalar = Unicode.Scalar(value) { found += Array(String(Character(scalar)).utf8) }
  }
}
