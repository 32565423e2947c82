/// Makes untrusted text safe for a terminal or a log: names, paths, header fields, responses, file content.
///
/// Whatever moves the cursor, changes the direction of writing, or is invisible is shown by its number, `\u{202e}`:
/// control characters, format characters (bidirectional controls, zero-width ones, tags), line and paragraph
/// separators, private-use and unassigned code points, and variation selectors without effect (Unicode Technical
/// Reports 36 and 55).
public enum PrintableText {
  /// Escapes a text of several lines: line feeds and tabs are kept.
  public static func text(_ text: some StringProtocol) -> String {
    escaped(text, limit: .max, keeping: { $0 == "\n" || $0 == "\t" })
  }

  /// Escapes a text to a single line.
  /// - Parameter limit: the most Unicode scalars to show; `..` stands for the rest.
  public static func line(_ text: some StringProtocol, limit: Int = .max) -> String {
    escaped(text, limit: limit, keeping: { _ in false })
  }

  /// Escapes a peer's text to a single line of at most 256 Unicode scalars.
  public static func brief(_ text: some StringProtocol) -> String { line(text, limit: 256) }

  /// Escapes bytes that should be UTF-8 to a single line; invalid ones are shown as `\xff`.
  public static func line(bytes: some Collection<UInt8>, limit: Int = .max) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return line(text, limit: limit) }
    var result = ""
    var rest = Array(bytes)[...]
    while !rest.isEmpty {
      // A UTF-8 sequence has at most four bytes.
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

  /// Escapes such characters in a JSON document as JSON does, `\u202e`. In valid JSON they occur only in strings.
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

  // MARK: Single characters

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
    // Hangul fillers and the like are invisible letters; U+2800 is the Braille pattern without dots.
    default: return !properties.isDefaultIgnorableCodePoint && scalar != "\u{2800}"
    }
  }

  /// Whether the selector has an effect: emoji and text presentation, and variants of ideographs.
  private static func isVaried(_ base: Unicode.Scalar, by selector: Unicode.Scalar) -> Bool {
    switch selector.value {
    case 0xfe0e, 0xfe0f: base.value > 0x7f && base.properties.isEmoji
    case 0xfe00...0xfe02, 0xe0100...0xe01ef: base.properties.isIdeographic
    default: false
    }
  }
}
