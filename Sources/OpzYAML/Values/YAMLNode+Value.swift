extension YAMLNode {
  /// The meaning of a node by YAML 1.2's core schema.
  public enum Value: Sendable {
    case null
    /// `true` or `false`, in its original spelling.
    case flag(String)
    case integer(Int)
    /// A number in its original spelling: `3.10` keeps its zero.
    case number(String)
    case text(String)
    case list([YAMLNode])
    case map([Member])
  }

  /// The node's meaning. `yes`, `no` and numbers with leading zeros are text.
  public var value: Value {
    switch content {
    case .scalar(let text, let isPlain): isPlain ? YAMLNode.plain(text) : .text(text)
    case .list(let items): .list(items)
    case .map(let members): .map(members)
    }
  }

  /// The line, from 1; 0 for a value from the command line.
  public var line: Int { start.line }

  /// The kind of the value, as messages name it.
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

  /// The text of a scalar as written, empty for null; nil for lists and mappings.
  public var written: String? {
    guard case .scalar(let text, _) = content else { return nil }
    return isNull ? "" : text
  }

  /// `yes`, `no` and `0123` are text: YAML readers differ on them, and in opz's own files they must be quoted.
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
