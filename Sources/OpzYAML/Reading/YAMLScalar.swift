/// How kubectl and Helm interpret an unquoted scalar (Go's yaml.v2).
public enum YAMLScalar {
  /// The truth value of a text, including `yes`, `on` and `y`; nil when it is not one.
  public static func flag(_ text: String) -> Bool? {
    switch text {
    case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y": true
    case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N": false
    default: nil
    }
  }

  /// Whether a text means null: empty, `~` or `null`.
  public static func isNull(_ text: String) -> Bool {
    switch text {
    case "", "~", "null", "Null", "NULL": true
    default: false
    }
  }

  /// The whole number that a text spells, also with a base (`0x1F`, `0o17`, `017`, `0b11`) and with `_` between the
  /// digits. Nil beyond 64 bits.
  public static func integer(_ text: String) -> Int? {
    let bare =
      text.utf8.first == UInt8(ascii: "-") || text.utf8.first == UInt8(ascii: "+") ? text.dropFirst() : text[...]
    guard let first = bare.utf8.first, (48...57).contains(first) else { return nil }
    if first != UInt8(ascii: "0") || bare.utf8.count == 1, let number = Int(text) { return number }
    let digits = bare.filter { $0 != "_" }
    let sign = text.utf8.first == UInt8(ascii: "-") ? "-" : ""
    let (rest, radix): (Substring, Int) =
      switch digits.prefix(2) {
      case "0x", "0X": (digits.dropFirst(2), 16)
      case "0o", "0O": (digits.dropFirst(2), 8)
      case "0b", "0B": (digits.dropFirst(2), 2)
      default: digits.count > 1 && digits.hasPrefix("0") ? (digits.dropFirst(), 8) : (digits[...], 10)
      }
    guard rest.first?.isHexDigit == true else { return nil }
    // `08` is not a valid octal number: it is read as decimal.
    return Int(sign + rest, radix: radix) ?? (radix == 8 ? Int(sign + digits) : nil)
  }
}
