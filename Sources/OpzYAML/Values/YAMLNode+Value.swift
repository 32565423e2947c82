extension YAMLNode {
  /// What a node means by YAML 1.2's core schema.
  public enum Value: Sendable {
    case null
    /// `true` or `false`, as it is written.
    case flag(String)
    case integer(Int)
    /// As it is written: `3.10` keeps its zero.
    case number(String)
    case text(String)
    case list([YAMLNode])
    case map([Member])
  }

  public var value: Value {
    switch content {
    case .scalar(let text, let isPlain): isPlain ? YAMLNode.plain(text) : .text(text)
    case .list(let items): .list(items)
    case .map(let members): .map(members)
    }
  }

  /// From 1; 0 for what the command line gave.
  public var line: Int { start.line }

  /// What a person calls this kind of value.
  public var kind: String {
    switch value {
    case .null: "nothing"
    case .flag: "true or false"
    case .integer: "a whole number"
    case .number: "a number"
    case .text: "text"
    case .list: "a list"
    case .map: "a mapping"
    }
  }

  /// The characters of a scalar; nil for lists and mappings.
  public var written: String? {
    guard case .scalar(let text, _) = content else { return nil }
    return isNull ? "" : text
  }

  /// `yes`, `no` and `0123` are text: readers of YAML differ on them, and opz's own files may not have them without quotes.
  private static func plain(_ text: String) -> Value {
    if YAMLScalar.isNull(text) { return .null }
    switch text {
    case "true", "True", "TRUE", "false", "False", "FALSE": return .flag(text)
    default: break
    }
    if let number = Int(text), String(number) == text { return .integer(number) }
    let digits = text.utf8.contains { isDigit($0) }
    let looksNumeric = text.utf8.allSatisfy { isDigit($0) || "+-.eE".utf8.contains($0) }
    let leadsWithZero = text.utf8.count > 1 && text.utf8.first == UInt8(ascii: "0") && !text.utf8.contains { $0 == 46 }
    return digits && looksNumeric && !leadsWithZero && Double(text) != nil ? .number(text) : .text(text)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
