extension JSONCursor {
  /// Reads a string (RFC 8259, section 7).
  mutating func string() throws -> String {
    guard try take("\"") else { throw failure("expected a string") }
    let start = position
    while let byte, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
      guard byte >= 0x20 else { throw failure("a control character in a string") }
      advance()
    }
    guard byte != nil else { throw failure("a string without an end") }
    if byte == UInt8(ascii: "\"") {
      let text = try text(of: bytes[start..<position])
      advance()
      return text
    }
    return try escapedString(Array(bytes[start..<position]))
  }

  private mutating func escapedString(_ start: [UInt8]) throws -> String {
    var content = start
    while let byte {
      switch byte {
      case UInt8(ascii: "\""):
        let text = try text(of: content[...])
        advance()
        return text
      case UInt8(ascii: "\\"):
        advance()
        content += UTF8.encode(try escape()).map { Array($0) } ?? []
      case ..<0x20:
        throw failure("a control character in a string")
      default:
        content.append(byte)
        advance()
      }
    }
    throw failure("a string without an end")
  }

  private func text(of slice: ArraySlice<UInt8>) throws -> String {
    guard let text = String(validating: slice, as: UTF8.self) else { throw failure("a string that is not UTF-8") }
    return text
  }

  /// Reads what follows a backslash.
  private mutating func escape() throws -> Unicode.Scalar {
    guard let byte else { throw failure("a string without an end") }
    advance()
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try unicodeEscape()
    default: throw failure("an unknown escape in a string")
    }
  }

  private mutating func unicodeEscape() throws -> Unicode.Scalar {
    let first = try hexDigits()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xdc00, take(word: "\\u") else { throw failure("half of a surrogate pair in a string") }
    let second = try hexDigits()
    guard (0xdc00...0xdfff).contains(second),
      let scalar = Unicode.Scalar(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))
    else { throw failure("half of a surrogate pair in a string") }
    return scalar
  }

  private mutating func hexDigits() throws -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte, let digit = hexValue(byte) else { throw failure("expected four hex digits after \\u") }
      value = value << 4 | digit
      advance()
    }
    return value
  }

  private func hexValue(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
  }
}
