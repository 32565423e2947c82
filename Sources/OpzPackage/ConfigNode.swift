import Yams

/// A YAML document without tags, anchors and aliases, each node with its line.
struct ConfigNode {
  enum Value {
    case null
    case bool(Bool)
    case integer(Int)
    case number(String)
    case text(String)
    case list([ConfigNode])
    case map([(key: String, line: Int, value: ConfigNode)])
  }

  var value: Value
  /// From 1; 0 for what the command line gave.
  var line: Int

  /// What a person calls this kind of value.
  var kind: String {
    switch value {
    case .null: "nothing"
    case .bool: "true or false"
    case .integer: "a whole number"
    case .number: "a number"
    case .text: "text"
    case .list: "a list"
    case .map: "a mapping"
    }
  }

  static let maximumBytes = 256 << 10

  /// Reads a document.
  /// - Throws: `ConfigError` with the line of what is wrong.
  static func parse(_ text: String, file: String) throws -> ConfigNode {
    try refuseDeepNesting(text, file)
    let node: Node?
    do {
      node = try Yams.compose(yaml: text)
    } catch let error as YamlError {
      throw explain(error, file)
    }
    guard let node else { return ConfigNode(value: .null, line: 1) }
    return try convert(node, file)
  }

  private static func explain(_ error: YamlError, _ file: String) -> ConfigError {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return ConfigError("\(file):\(mark.line)", "not valid YAML: \(problem)")
    case .duplicatedKeysInMapping(let duplicates, let context):
      let names = duplicates.sorted().joined(separator: ", ")
      return ConfigError("\(file):\(context.mark.line)", "\(names) is there twice", hint: "keep one of the two")
    default: return ConfigError(file, "not valid YAML")
    }
  }

  /// libyaml's composer recurses, so a document that is nothing but brackets would overflow the stack.
  private static func refuseDeepNesting(_ text: String, _ file: String) throws {
    var depth = 0
    var line = 1
    var run = 0
    var indent = 0
    var atStart = true
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\n"):
        line += 1
        (run, indent, atStart) = (0, 0, true)
      case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"): depth = max(0, depth - 1)
      case UInt8(ascii: " ") where atStart: indent += 1
      case UInt8(ascii: "-"), UInt8(ascii: "?"), UInt8(ascii: ":"): run += 1
      default: atStart = false
      }
      guard depth <= 64, run <= 512, indent <= 256 else {
        throw ConfigError("\(file):\(line)", "nested deeper than opz.yaml ever is")
      }
    }
  }

  private static func convert(_ node: Node, _ file: String) throws -> ConfigNode {
    let line = node.mark?.line ?? 1
    if let anchor = node.anchor {
      throw ConfigError(
        "\(file):\(line)", "the anchor &\(anchor.rawValue.prefix(40)) is not allowed", hint: "write the value out")
    }
    switch node {
    case .scalar(let scalar): return ConfigNode(value: Self.scalar(scalar), line: line)
    case .sequence(let items): return ConfigNode(value: .list(try items.map { try convert($0, file) }), line: line)
    case .mapping(let members):
      let pairs = try members.map { key, value in
        guard case .scalar(let name) = key else {
          throw ConfigError("\(file):\(line)", "a key is not text")
        }
        return (key: name.string, line: key.mark?.line ?? line, value: try convert(value, file))
      }
      return ConfigNode(value: .map(pairs), line: line)
    case .alias: throw ConfigError("\(file):\(line)", "aliases are not allowed", hint: "write the value out")
    }
  }

  /// YAML 1.2's core schema: `yes`, `no` and `0123` are text, as people expect who write a state or a version.
  private static func scalar(_ scalar: Node.Scalar) -> Value {
    let text = scalar.string
    guard scalar.style == .plain || scalar.style == .any else { return .text(text) }
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    default: break
    }
    if let number = Int(text), text.first != "+", text == "0" || !text.drop(while: { $0 == "-" }).hasPrefix("0") {
      return .integer(number)
    }
    let looksNumeric = text.utf8.allSatisfy { (48...57).contains($0) || [43, 45, 46, 69, 101].contains($0) }
    if looksNumeric, text.utf8.contains(where: { (48...57).contains($0) }), Double(text) != nil { return .number(text) }
    return .text(text)
  }
}
