/// Text that others wrote, as a terminal or a log may show it: names, paths, header fields, answers of registries, content of files.
///
/// Whatever moves the cursor, turns the direction of writing, or is not seen at all is shown by its number, `\u{202e}`: control characters, format
/// characters (bidirectional controls, zero-width ones, tags), separators of lines and paragraphs, private and unassigned code points, variation selectors
/// that vary nothing (Unicode Technical Reports 36 and 55).
public enum PrintableText {
  /// Lines stay lines, and tabs stay.
  public static func text(_ text: some StringProtocol) -> String {
    escaped(text, limit: .max, keeping: { $0 == "\n" || $0 == "\t" })
  }

  /// One line.
  /// - Parameter limit: so many scalars at most; `..` stands for the rest.
  public static func line(_ text: some StringProtocol, limit: Int = .max) -> String {
    escaped(text, limit: limit, keeping: { _ in false })
  }

  /// One line of bytes that should be UTF-8. Those that are not are shown as `\xff`.
  public static func line(bytes: some Collection<UInt8>, limit: Int = .max) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return line(text, limit: limit) }
    var result = ""
    var rest = Array(bytes)[...]
    while !rest.isEmpty {
      // The longest valid sequence is a scalar of up to four bytes.
      let scalar = (1...4).lazy.compactMap { count -> (Int, String)? in
        guard count <= rest.count else { return nil }
        return String(validating: rest.prefix(count), as: UTF8.self).map { (count, $0) }
      }.first
      if let (count, text) = scalar {
        result += text
        rest = rest.dropFirst(count)
      } else {
        result += "\\x" + Hex.encode([rest.removeFirst()])
      }
    }
    return line(result, limit: limit)
  }

  /// JSON with such characters as JSON escapes them. They stand in strings only.
  public static func json(_ bytes: [UInt8]) -> [UInt8] {
    if bytes.allSatisfy({ isPlain($0) || $0 == 0x0a }) { return bytes }
    var result = ""
    var last: Unicode.Scalar?
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      if scalar == "\n" || isShown(scalar, after: last) {
        result.unicodeScalars.append(scalar)
      } else {
        for unit in String(scalar).utf16 {
          let digits = String(unit, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
        }
      }
      last = scalar
    }
    return Array(result.utf8)
  }

  // MARK: One character

  private static func escaped(
    _ text: some StringProtocol, limit: Int, keeping isKept: (Unicode.Scalar) -> Bool
  ) -> String {
    if text.utf8.count <= limit, text.utf8.allSatisfy({ isPlain($0) }) { return String(text) }
    var result = ""
    var last: Unicode.Scalar?
    var count = 0
    for scalar in text.unicodeScalars {
      guard count < limit else { return result + ".." }
      count += 1
      if isKept(scalar) || isShown(scalar, after: last) {
        result.unicodeScalars.append(scalar)
      } else {
        result += escape(scalar)
      }
      last = scalar
    }
    return result
  }

  private static func escape(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\n": "\\n"
    case "\r": "\\r"
    case "\t": "\\t"
    default: "\\u{\(String(scalar.value, radix: 16))}"
    }
  }

  private static func isPlain(_ byte: UInt8) -> Bool { (0x20..<0x7f).contains(byte) }

  private static func isShown(_ scalar: Unicode.Scalar, after last: Unicode.Scalar?) -> Bool {
    if scalar.value < 0x80 { return isPlain(UInt8(scalar.value)) }
    let properties = scalar.properties
    if properties.isVariationSelector, let last { return isVaried(last, by: scalar) }
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: return false
    // Fillers of Hangul and their like are letters that are not seen; the last is a pattern of Braille without dots.
    default: return !properties.isDefaultIgnorableCodePoint && scalar != "\u{2800}"
    }
  }

  /// Emoji and text styles of symbols, and variants of ideographs.
  private static func isVaried(_ base: Unicode.Scalar, by selector: Unicode.Scalar) -> Bool {
    switch selector.value {
    case 0xfe0e, 0xfe0f: base.value > 0x7f && base.properties.isEmoji
    case 0xfe00...0xfe02, 0xe0100...0xe01ef: base.properties.isIdeographic
    default: false
    }
  }
}
