import Yams

/// Reads the YAML of an opz.yaml into a `ConfigNode`, and refuses what opz.yaml has no use for: several documents, tags, anchors
/// and aliases, keys that are not text or are there twice, deep nesting.
struct ConfigDocument {
  static let maximumBytes = 256 << 10

  /// For messages: `opz.yaml`.
  private let file: String
  private let text: String

  private init(_ text: String, file: String) {
    self.text = text
    self.file = file
  }

  /// Levels of lists and mappings in each other.
  private static let maximumDepth = 16

  /// - Throws: `ConfigError` with the line of what is wrong.
  static func read(_ text: String, file: String) throws -> ConfigNode {
    var native = text
    native.makeContiguousUTF8()
    let document = ConfigDocument(native, file: file)
    try AliasBound.check(native) { throw document.fail($0, $1) }
    return try DeepStack.run { try document.read() }
  }

  private func read() throws -> ConfigNode {
    do {
      // UTF-8 always: left to itself, Yams lets an environment variable choose. What a plain value is `ConfigNode` says; Yams's own rules are
      // regular expressions, which take longer to make than all of this.
      let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
      guard let root = try parser.singleRoot() else { return ConfigNode(value: .null, line: 1) }
      // A node's anchor is a weak reference: it is nil as soon as the parser is gone.
      return try withExtendedLifetime(parser) { try convert(root, depth: 0) }
    } catch let error as YamlError {
      throw explain(error)
    }
  }

  private func fail(_ line: Int, _ reason: String, hint: String? = nil) -> ConfigError {
    ConfigError("\(file):\(line)", reason, hint: hint)
  }

  private func explain(_ error: YamlError) -> ConfigError {
    switch error {
    case .parser(_, let problem, let mark, _) where problem.contains("nesting level"):
      return fail(mark.line, ConfigDocument.tooDeep)
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
      let context = context.map { ", \($0.text) (line \($0.mark.line))" } ?? ""
      return fail(mark.line, "not valid YAML: \(problem)\(context)")
    case .composer(_, let problem, let mark, _):
      if problem.contains("another document") { return fail(mark.line, "a second document begins here") }
      return fail(mark.line, "not valid YAML: \(problem)")
    case .duplicatedKeysInMapping(let duplicates, let context):
      return fail(
        context.mark.line, "the key \(duplicates.sorted().joined(separator: ", ")) is there twice",
        hint: "keep one of the two")
    case .reader(let problem, let offset, _, _):
      let before = text.prefix(offset ?? 0).utf8.count { $0 == UInt8(ascii: "\n") }
      return fail(before + 1, "not valid YAML: \(problem)")
    default: return ConfigError(file, "not valid YAML")
    }
  }

  private static let tooDeep = "nested deeper than opz.yaml ever is"

  private func convert(_ node: Node, depth: Int) throws -> ConfigNode {
    let line = node.mark?.line ?? 1
    guard depth <= ConfigDocument.maximumDepth else { throw fail(line, ConfigDocument.tooDeep) }
    if let anchor = node.anchor {
      throw fail(line, "the anchor &\(anchor.rawValue.prefix(40)) is not allowed", hint: "write the value out")
    }
    switch node {
    case .scalar(let scalar):
      let isPlain = scalar.style == .plain || scalar.style == .any
      try refuseTag(scalar.tag, unless: isPlain ? .implicit : .str, line)
      return ConfigNode(value: isPlain ? ConfigNode.plain(scalar.string) : .text(scalar.string), line: line)
    case .sequence(let items):
      try refuseTag(items.tag, unless: .implicit, line)
      return ConfigNode(value: .list(try items.map { try convert($0, depth: depth + 1) }), line: line)
    case .mapping(let members):
      try refuseTag(members.tag, unless: .implicit, line)
      return ConfigNode(value: .map(try pairs(members, line, depth: depth)), line: line)
    case .alias: throw fail(line, "aliases are not allowed", hint: "write the value out")
    }
  }

  private func refuseTag(_ tag: Tag, unless expected: Tag.Name, _ line: Int) throws {
    guard tag != Tag(expected, .basic) else { return }
    throw fail(
      line, "the tag \(tag.rawValue.prefix(80)) is not allowed", hint: "leave the tag out; quotes make a value text")
  }

  private func pairs(_ members: Node.Mapping, _ line: Int, depth: Int) throws -> [(
    key: String, line: Int, value: ConfigNode
  )] {
    var seen: [String: Int] = [:]
    return try members.map { key, value in
      // Yams has resolved the tags of keys by now, so that an explicit tag of a key cannot be told from an implicit one.
      guard case .scalar(let name) = key, key.anchor == nil else {
        throw fail(key.mark?.line ?? line, "a key is not plain text")
      }
      let keyLine = key.mark?.line ?? line
      if let first = seen.updateValue(keyLine, forKey: name.string) {
        throw fail(
          keyLine, "the key \(name.string) is there twice, on line \(first) too", hint: "keep one of the two")
      }
      return (key: name.string, line: keyLine, value: try convert(value, depth: depth + 1))
    }
  }
}
