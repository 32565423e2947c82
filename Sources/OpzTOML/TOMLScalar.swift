/// TOML's unquoted scalars: booleans, numbers, dates and times.
enum TOMLScalar {
  static func value(_ text: String) -> TOMLValue? {
    switch text {
    case "true": return .boolean(true)
    case "false": return .boolean(false)
    case "inf", "+inf": return .float(.infinity)
    case "-inf": return .float(-.infinity)
    case "nan", "+nan", "-nan": return .float(.nan)
    default:
      return integer(text).map { .integer($0) } ?? float(text).map { .float($0) } ?? (isDate(text) ? .date(text) : nil)
    }
  }

  private static func integer(_ text: String) -> Int64? {
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where text.hasPrefix(prefix) {
      guard let digits = plain(text.dropFirst(2)), digits.first != "+", digits.first != "-" else { return nil }
      return Int64(digits, radix: radix)
    }
    guard let digits = plain(text[...]), hasNoLeadingZero(digits) else { return nil }
    return Int64(digits)
  }

  private static func float(_ text: String) -> Double? {
    guard let digits = plain(text[...]), text.utf8.allSatisfy({ TOMLBytes.isDigit($0) || "+-._eE".utf8.contains($0) }),
      hasNoLeadingZero(String(digits.prefix { $0 != "." && $0 != "e" && $0 != "E" }))
    else { return nil }
    // A decimal point needs digits on both sides.
    if let point = digits.firstIndex(of: ".") {
      guard digits[..<point].last?.isNumber == true, digits[digits.index(after: point)...].first?.isNumber == true
      else { return nil }
    }
    return Double(digits)
  }

  /// Removes underscores between digits; nil if one is elsewhere.
  private static func plain(_ text: Substring) -> String? {
    let bytes = Array(text.utf8)
    for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "_") {
      guard index > 0, index + 1 < bytes.count, TOMLBytes.isLetterOrDigit(bytes[index - 1]),
        TOMLBytes.isLetterOrDigit(bytes[index + 1])
      else { return nil }
    }
    return text.filter { $0 != "_" }
  }

  private static func hasNoLeadingZero(_ text: String) -> Bool {
    let digits = text.drop { $0 == "+" || $0 == "-" }
    return digits.count == 1 || digits.first != "0"
  }

  /// `2026-05-03`, `14:02:11.5`, or both with T, t or a space, and an offset.
  private static func isDate(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    func matches(_ pattern: String, _ part: ArraySlice<UInt8>) -> Bool {
      part.count == pattern.utf8.count
        && zip(part, pattern.utf8).allSatisfy { $1 == UInt8(ascii: "0") ? TOMLBytes.isDigit($0) : $0 == $1 }
    }
    func isTime(_ part: ArraySlice<UInt8>, offset: Bool) -> Bool {
      var rest = part
      guard rest.count >= 8, matches("00:00:00", rest.prefix(8)) else { return false }
      rest = rest.dropFirst(8)
      if rest.first == UInt8(ascii: ".") {
        let digits = rest.dropFirst().prefix { TOMLBytes.isDigit($0) }
        guard !digits.isEmpty else { return false }
        rest = rest.dropFirst(digits.count + 1)
      }
      if rest.isEmpty { return true }
      guard offset else { return false }
      if rest.elementsEqual([UInt8(ascii: "Z")]) || rest.elementsEqual([UInt8(ascii: "z")]) { return true }
      return (rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-")) && matches("00:00", rest.dropFirst())
    }
    if isTime(bytes[...], offset: false) { return true }
    guard bytes.count >= 10, matches("0000-00-00", bytes.prefix(10)) else { return false }
    if bytes.count == 10 { return true }
    guard [84, 116, 32].contains(bytes[10]) else { return false }
    return isTime(bytes[11...], offset: true)
  }
}

/// Letters and digits of ASCII.
enum TOMLBytes {
  static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }
}
