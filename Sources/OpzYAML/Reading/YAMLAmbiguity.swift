/// Plain scalars that YAML readers interpret as different values: readers of YAML 1.1 (PyYAML; Go's yaml.v2, which
/// kubectl and Helm use) and of YAML 1.2's core schema. Numbers in JSON's notation count as numbers, although PyYAML
/// reads `1e3` as text.
public enum YAMLAmbiguity {
  /// Describes how readers interpret a plain scalar: `true or false to some readers of YAML, and text to others`; nil
  /// where they agree.
  public static func of(_ text: String) -> String? {
    guard let first = text.utf8.first, text.utf8.count <= 64 else { return nil }
    switch first {
    case UInt8(ascii: "y"), UInt8(ascii: "Y"), UInt8(ascii: "n"), UInt8(ascii: "N"), UInt8(ascii: "o"),
      UInt8(ascii: "O"):
      return words.contains(text) ? "true or false to some readers of YAML, and text to others" : nil
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
      return number(text)
    case UInt8(ascii: "="):
      return text == "=" ? "a special value to some readers of YAML, and text to others" : nil
    default: return nil
    }
  }

  /// `y` and `n` are on Go's list, but not on PyYAML's.
  private static let words: Set<String> = [
    "y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF",
  ]

  private static let special: Set<String> = [".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"]

  private static func number(_ text: String) -> String? {
    let bare = text.first == "+" || text.first == "-" ? text.dropFirst() : text[...]
    if special.contains(String(bare)) { return "infinity or not a number, which JSON does not have" }
    let bytes = Array(bare.utf8)
    guard let first = bytes.first, isDigit(first) || first == UInt8(ascii: ".") else { return nil }
    if isDate(bytes) { return "a date to some readers of YAML, and text to others" }
    if isSexagesimal(bytes) { return "a base 60 number to some readers of YAML, and text to others" }
    if hasRadix(bytes) { return "a number in another base to some readers of YAML, and text to others" }
    if isDecimal(bytes), bytes.contains(UInt8(ascii: "_")) {
      return "a number to some readers of YAML, and text to others"
    }
    if bytes.count > 1, first == UInt8(ascii: "0"), bytes.allSatisfy(isDigit) {
      return "an octal number to some readers of YAML, and another value to others"
    }
    return nil
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

  /// Whether there are only digits, `_` and at most one point.
  private static func isDecimal(_ bytes: [UInt8]) -> Bool {
    bytes.contains(where: isDigit) && bytes.count { $0 == UInt8(ascii: ".") } <= 1
      && bytes.allSatisfy { isDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") }
  }

  /// Whether it is a date such as `2024-01-31`, with or without a time (YAML 1.1's timestamp).
  private static func isDate(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= 8, bytes[..<4].allSatisfy(isDigit), bytes[4] == UInt8(ascii: "-") else { return false }
    let rest = bytes[5...].split(separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false)
    guard rest.count == 2, (1...2).contains(rest[0].count), rest[0].allSatisfy(isDigit) else { return false }
    let day = rest[1].prefix(while: isDigit)
    let after = rest[1].dropFirst(day.count).first
    return (1...2).contains(day.count)
      && (after == nil || after == UInt8(ascii: "T") || after == UInt8(ascii: "t") || after == UInt8(ascii: " "))
  }

  /// Whether it is a base-60 number such as `12:30:45` or `190:20:30.15` (YAML 1.1).
  private static func isSexagesimal(_ bytes: [UInt8]) -> Bool {
    let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard parts.count > 1, let first = parts.first, let last = parts.last, !first.isEmpty else { return false }
    let point = last.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
    guard first.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: "_") }), let whole = point.first else { return false }
    // Without a point, the first digit must not be 0.
    if point.count == 1, first.first == UInt8(ascii: "0") { return false }
    let middle = parts.dropFirst().dropLast() + [whole]
    return middle.allSatisfy { part in
      (1...2).contains(part.count) && part.allSatisfy(isDigit) && (part.count == 1 || part[part.startIndex] < 54)
    }
  }

  /// Whether it is a number such as `0x1F`, `0o17` or `0b11`.
  private static func hasRadix(_ bytes: [UInt8]) -> Bool {
    guard bytes.count > 2, bytes[0] == UInt8(ascii: "0") else { return false }
    let radix: Int
    switch bytes[1] {
    case UInt8(ascii: "x"), UInt8(ascii: "X"): radix = 16
    case UInt8(ascii: "o"), UInt8(ascii: "O"): radix = 8
    case UInt8(ascii: "b"), UInt8(ascii: "B"): radix = 2
    default: return false
    }
    return bytes[2...].allSatisfy { byte in
      byte == UInt8(ascii: "_") || Int(String(UnicodeScalar(byte)), radix: radix) != nil
    }
  }
}
