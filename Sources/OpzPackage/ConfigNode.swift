/// A YAML document without tags, anchors and aliases, each node with its line.
struct ConfigNode {
  enum Value {
    case null
    /// `true` or `false`, as it is written. No key of opz.yaml takes one.
    case flag(String)
    case integer(Int)
    /// As it is written: `3.10` keeps its zero.
    case number(String)
    case text(String)
    case list([ConfigNode])
    case map([(key: String, line: Int, value: ConfigNode)])
  }

  var value: Value
  /// From 1; 0 for what the command line gave.
  var line: Int

  var isNull: Bool { if case .null = value { true } else { false } }

  /// What a person calls this kind of value.
  var kind: String {
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

  /// The characters of a scalar that is not quoted; nil for lists and mappings.
  var written: String? {
    switch value {
    case .null: ""
    case .flag(let text), .number(let text), .text(let text): text
    case .integer(let number): String(number)
    case .list, .map: nil
    }
  }

  /// What a scalar without quotes means by YAML 1.2's core schema: `yes`, `no` and `0123` are text, as people expect who
  /// write a state or a version.
  static func plain(_ text: String) -> Value {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
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
