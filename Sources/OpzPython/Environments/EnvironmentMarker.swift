/// A marker of a requirement or lock: `python_version < "3.12" and sys_platform == "linux"` (dependency specifiers,
/// environment markers).
public struct EnvironmentMarker: Sendable {
  private indirect enum Node: Sendable {
    case and(Node, Node)
    case or(Node, Node)
    case compare(Operand, String, Operand)
  }

  private enum Operand: Sendable {
    case variable(String)
    case text(String)
  }

  private let root: Node

  private static let variables: Set<String> = [
    "python_version", "python_full_version", "os_name", "sys_platform", "platform_release", "platform_system",
    "platform_version", "platform_machine", "platform_python_implementation", "implementation_name",
    "implementation_version", "extra", "extras", "dependency_groups",
  ]
  private static let operators = ["===", "==", "!=", "<=", ">=", "~=", "<", ">"]
  private static let maximumBytes = 8192

  /// - Throws: `PythonError.malformed` if the text is not a marker.
  public init(parsing text: String) throws {
    guard text.utf8.count <= EnvironmentMarker.maximumBytes, let tokens = EnvironmentMarker.tokens(text) else {
      throw EnvironmentMarker.malformed(text)
    }
    var rest = tokens[...]
    guard let node = EnvironmentMarker.or(&rest, depth: 0), rest.isEmpty else {
      throw EnvironmentMarker.malformed(text)
    }
    root = node
  }

  private static func malformed(_ text: String) -> PythonError {
    PythonError(.malformed, "marker \"\(text.prefix(200))\"", reason: "it is not an environment marker")
  }

  /// Whether the marker holds for a target, with no extras requested.
  public func holds(for target: PythonTarget) -> Bool { evaluate(root, target) }

  private func evaluate(_ node: Node, _ target: PythonTarget) -> Bool {
    switch node {
    case .and(let one, let other): evaluate(one, target) && evaluate(other, target)
    case .or(let one, let other): evaluate(one, target) || evaluate(other, target)
    case .compare(let left, let comparison, let right): compare(left, comparison, right: right, target: target)
    }
  }

  private func compare(_ left: Operand, _ comparison: String, right: Operand, target: PythonTarget) -> Bool {
    let (one, other) = (value(left, target), value(right, target))
    if comparison == "in" { return other.contains(one) }
    if comparison == "not in" { return !other.contains(one) }
    if isVersion(left) || isVersion(right), let result = PythonVersion.meets(one, comparison, wanted: other) {
      return result
    }
    switch comparison {
    case "==", "===": return one == other
    case "!=": return one != other
    case "<": return one < other
    case "<=": return one <= other
    case ">": return one > other
    case ">=": return one >= other
    default: return false
    }
  }

  private func isVersion(_ operand: Operand) -> Bool {
    if case .variable(let name) = operand {
      name.hasSuffix("_version") && name != "platform_version" || name == "python_full_version"
    } else {
      false
    }
  }

  private func value(_ operand: Operand, _ target: PythonTarget) -> String {
    guard case .variable(let name) = operand else {
      if case .text(let text) = operand { return text }
      return ""
    }
    switch name {
    case "python_version": return "3.\(target.minor)"
    case "python_full_version", "implementation_version": return "3.\(target.minor).0"
    case "os_name": return "posix"
    case "sys_platform": return "linux"
    case "platform_system": return "Linux"
    case "platform_machine": return target.machine
    case "platform_python_implementation": return "CPython"
    case "implementation_name": return "cpython"
    default: return ""
    }
  }

  // MARK: Reading

  private enum Token: Equatable {
    case open, close
    case word(String)
    case text(String)
    case comparison(String)
  }

  private static func tokens(_ text: String) -> [Token]? {
    var rest = text[...]
    var tokens: [Token] = []
    while let first = rest.first {
      if first == " " || first == "\t" || first == "\n" || first == "\r" {
        rest.removeFirst()
      } else if first == "(" || first == ")" {
        tokens.append(first == "(" ? .open : .close)
        rest.removeFirst()
      } else if first == "\"" || first == "'" {
        let inside = rest.dropFirst().prefix { $0 != first }
        guard rest.dropFirst(inside.count + 1).first == first else { return nil }
        tokens.append(.text(String(inside)))
        rest = rest.dropFirst(inside.count + 2)
      } else if let found = operators.first(where: { rest.hasPrefix($0) }) {
        tokens.append(.comparison(found))
        rest = rest.dropFirst(found.count)
      } else {
        let word = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".") }
        guard !word.isEmpty else { return nil }
        tokens.append(.word(String(word)))
        rest = rest.dropFirst(word.count)
      }
    }
    return tokens
  }

  private static func or(_ rest: inout ArraySlice<Token>, depth: Int) -> Node? {
    guard depth < 64, var node = and(&rest, depth: depth) else { return nil }
    while rest.first == .word("or") {
      rest.removeFirst()
      guard let next = and(&rest, depth: depth) else { return nil }
      node = .or(node, next)
    }
    return node
  }

  private static func and(_ rest: inout ArraySlice<Token>, depth: Int) -> Node? {
    guard var node = term(&rest, depth: depth) else { return nil }
    while rest.first == .word("and") {
      rest.removeFirst()
      guard let next = term(&rest, depth: depth) else { return nil }
      node = .and(node, next)
    }
    return node
  }

  private static func term(_ rest: inout ArraySlice<Token>, depth: Int) -> Node? {
    if rest.first == .open {
      rest.removeFirst()
      guard let node = or(&rest, depth: depth + 1), rest.popFirst() == .close else { return nil }
      return node
    }
    guard let left = operand(&rest), let comparison = comparison(&rest), let right = operand(&rest) else { return nil }
    return .compare(left, comparison, right)
  }

  private static func operand(_ rest: inout ArraySlice<Token>) -> Operand? {
    switch rest.popFirst() {
    case .text(let text)?: .text(text)
    case .word(let word)? where variables.contains(word): .variable(word)
    default: nil
    }
  }

  private static func comparison(_ rest: inout ArraySlice<Token>) -> String? {
    switch rest.popFirst() {
    case .comparison(let text)?: text
    case .word("in")?: "in"
    case .word("not")? where rest.popFirst() == .word("in"): "not in"
    default: nil
    }
  }
}
