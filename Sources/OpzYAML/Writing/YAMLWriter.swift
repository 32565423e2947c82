/// Writes YAML 1.2 that every YAML 1.1 reader interprets alike.
///
/// Texts that a reader could take for something else (numbers, `yes`, `1e3`, `12:30`, dates, `~`) are double-quoted.
public struct YAMLWriter {
  private var output = ""
  private let template: YAMLTemplate?
  /// The path of the current value; maintained only for a template.
  private var path: [String] = []

  /// Formats a document, with a final newline.
  /// - Parameters:
  ///   - value: the document.
  ///   - template: raw text to insert into it.
  public static func write(_ value: YAMLValue, _ template: YAMLTemplate? = nil) -> String {
    var writer = YAMLWriter(template: template)
    writer.block(value, indent: 0)
    return writer.output
  }

  private init(template: YAMLTemplate?) { self.template = template }

  private mutating func block(_ value: YAMLValue, indent: Int) {
    switch value {
    case .map(let members) where !members.isEmpty:
      for member in members { within(member.key) { $0.write(member, indent: indent) } }
    case .list(let items) where !items.isEmpty:
      for (index, item) in items.enumerated() { within("\(index)") { $0.element(item, indent: indent) } }
    default:
      line(indent, inline(value))
      output += "\n"
    }
  }

  private mutating func within(_ part: @autoclosure () -> String, _ body: (inout YAMLWriter) -> Void) {
    guard template != nil else { return body(&self) }
    path.append(part())
    body(&self)
    path.removeLast()
  }

  private mutating func write(_ member: YAMLValue.Member, indent: Int) {
    let lines = template?.members[path] ?? []
    for text in lines.flatMap({ $0.text(indent) }) { line(text.isEmpty ? 0 : indent, text + "\n") }
    if lines.contains(where: \.replaces) { return }
    comment(member.comment, indent)
    key(member.key, indent: indent)
    nested(member.value, indent: indent)
  }

  /// Writes `key:`, or `? key` and `:` when the key is longer than readers look for its colon (1024 characters).
  private mutating func key(_ text: String, indent: Int, dash: Bool = false) {
    let key = escaped(YAMLWriter.scalar(text))
    let lead = dash ? "- " : ""
    guard key.utf8.count > YAMLWriter.longestSimpleKey else { return line(indent, lead + key + ":") }
    line(indent, lead + "? " + key + "\n")
    line(indent + lead.utf8.count, ":")
  }

  private static let longestSimpleKey = 1000

  /// Writes what follows `key:`.
  private mutating func nested(_ value: YAMLValue, indent: Int) {
    if template?.scalars[path] != nil { return output += " " + inline(value) + "\n" }
    switch value {
    case .map(let members) where !members.isEmpty:
      output += "\n"
      block(value, indent: indent + 2)
    case .list(let items) where !items.isEmpty:
      output += "\n"
      block(value, indent: indent)
    default: output += " " + inline(value) + "\n"
    }
  }

  /// Writes an element of a list; a mapping's first member follows the dash.
  private mutating func element(_ item: YAMLValue, indent: Int) {
    guard case .map(let members) = item, let first = members.first else {
      if case .list(let inner) = item, !inner.isEmpty {
        line(indent, "-\n")
        return block(item, indent: indent + 2)
      }
      line(indent, "- " + inline(item) + "\n")
      return
    }
    comment(first.comment, indent)
    key(first.key, indent: indent, dash: true)
    within(first.key) { $0.nested(first.value, indent: indent + 2) }
    if members.count > 1 { block(.map(Array(members.dropFirst())), indent: indent + 2) }
  }

  private mutating func comment(_ text: String?, _ indent: Int) {
    guard let text else { return }
    for part in text.split(whereSeparator: \.isNewline) { line(indent, escaped("# \(part)") + "\n") }
  }

  private mutating func line(_ indent: Int, _ text: String) {
    output += String(repeating: " ", count: indent) + text
  }

  private func escaped(_ text: String) -> String { template?.escaping(text) ?? text }

  /// The text that follows `key:` or a dash on the same line.
  private func inline(_ value: YAMLValue) -> String {
    if let raw = template?.scalars[path] { return raw }
    return switch value {
    case .text(let text): escaped(YAMLWriter.scalar(text))
    case .integer(let number): String(number)
    case .bool(let flag): flag ? "true" : "false"
    case .number(let number): YAMLWriter.decimal(number)
    case .null: "null"
    case .list: "[]"
    case .map: "{}"
    }
  }

  /// `1e-07` and `1e+16` become `1.0e-07` and `1.0e+16`: without a point, YAML 1.1 reads them as text.
  private static func decimal(_ number: Double) -> String {
    guard number.isFinite else { return number.isNaN ? ".nan" : number < 0 ? "-.inf" : ".inf" }
    let text = String(number)
    guard let exponent = text.firstIndex(of: "e"), !text.contains(".") else { return text }
    return text[..<exponent] + ".0" + text[exponent...]
  }

  /// Formats a text as a scalar: plain where it cannot be misread, otherwise double-quoted.
  public static func scalar(_ text: String) -> String {
    isPlain(text) ? text : quoted(text)
  }

  /// Whether it has only letters, digits and `._/-`, starting with a letter or `/`, with `:` and `@` inside, and at
  /// most 512 bytes.
  private static func isPlain(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, let last = bytes.last, isLetter(first) || first == UInt8(ascii: "/"),
      last != UInt8(ascii: ":"),
      bytes.count <= 512
    else { return false }
    let inside: Set<UInt8> = Set("._/-:@".utf8)
    guard bytes.allSatisfy({ isLetter($0) || isDigit($0) || inside.contains($0) }) else { return false }
    return !words.contains(text.lowercased()) && !text.hasPrefix("0x") && !text.hasPrefix("0o")
  }

  /// Plain words that YAML 1.1 or 1.2 reads as something other than text.
  private static let words: Set<String> = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"]

  private static func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte) || (97...122).contains(byte) }
  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default:
        // Control characters, the byte order mark, YAML's own line breaks, direction controls.
        let code = scalar.value
        if code < 0x20 || (0x7f...0xa0).contains(code) || code == 0x2028 || code == 0x2029 || code == 0xfeff
          || (0x202a...0x202e).contains(code) || (0x2066...0x2069).contains(code)
        {
          result += "\\u" + hex(code, 4)
        } else if (0xfffe...0xffff).contains(code) {
          result += "\\u" + hex(code, 4)
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }

  private static func hex(_ number: UInt32, _ width: Int) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
