import OpzIO
import Yams

/// Reads the documents of a text into nodes that know their places. Input is hostile: size, depth and what aliases stand for are bounded.
struct YAMLReader {
  /// Lists and mappings in each other. Kubernetes' own objects stay below 20; a schema in a CustomResourceDefinition may be deep.
  static let maximumDepth = 200
  /// libyaml stops at 1000 levels, and Yams' composer recurses: it needs more stack than a thread has.
  static let stackBytes = 16 << 20

  private let text: String
  private let lines: Int
  /// Aliases stand for nodes that are there already; without a bound, nine of nine of nine would be a billion.
  private var nodesLeft: Int

  private init(_ text: String, lines: Int) {
    self.text = text
    self.lines = lines
    nodesLeft = 1000 + text.utf8.count
  }

  /// The roots of the documents in a part of a stream; there may be several, after `...`.
  static func read(_ text: String, lines: Int) throws(YAMLProblem) -> [YAMLNode] {
    var reader = YAMLReader(text, lines: lines)
    try reader.refuseAliasKeys()
    return try reader.roots()
  }

  private mutating func roots() throws(YAMLProblem) -> [YAMLNode] {
    var roots: [YAMLNode] = []
    do {
      // UTF-8 always: left to itself, Yams lets an environment variable choose. No resolver: types are ours to tell.
      let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
      while let root = try parser.nextRoot() { roots.append(try convert(root, at: nil, depth: 0)) }
      return roots
    } catch let problem as YAMLProblem {
      throw problem
    } catch let error as YamlError {
      throw explain(error)
    } catch {
      throw YAMLProblem(Place(line: lines + 1, column: 1), "not valid YAML")
    }
  }

  private mutating func convert(_ node: Node, at key: Place?, depth: Int) throws(YAMLProblem) -> YAMLNode {
    let own = place(node.mark)
    nodesLeft -= 1
    guard nodesLeft > 0 else {
      throw YAMLProblem(own, "its aliases stand for far more than the document has", hint: "write the values out")
    }
    guard depth <= YAMLReader.maximumDepth else {
      throw YAMLProblem(own, "nested deeper than \(YAMLReader.maximumDepth) levels")
    }
    switch node {
    case .scalar(let scalar):
      let isPlain = scalar.style == .plain && scalar.tag == Tag(.implicit)
      return YAMLNode(content: .scalar(scalar.string, isPlain: isPlain), place: own)
    case .sequence(let items):
      var list: [YAMLNode] = []
      list.reserveCapacity(items.count)
      for item in items { list.append(try convert(item, at: nil, depth: depth + 1)) }
      return YAMLNode(content: .list(list), place: key ?? own)
    case .mapping(let members):
      return YAMLNode(content: .map(try pairs(members, depth)), place: key ?? own)
    case .alias: throw YAMLProblem(own, "an alias of nothing")
    }
  }

  private mutating func pairs(_ mapping: Node.Mapping, _ depth: Int) throws(YAMLProblem) -> [YAMLNode.Member] {
    var members: [YAMLNode.Member] = []
    var merged: [YAMLNode] = []
    members.reserveCapacity(mapping.count)
    for (key, value) in mapping {
      let place = place(key.mark)
      guard case .scalar(let name) = key else {
        throw YAMLProblem(place, "a key that is not plain text", hint: "keys of Kubernetes objects are text")
      }
      let node = try convert(value, at: place, depth: depth + 1)
      if name.string == "<<", name.style == .plain {
        merged += node.isMap ? [node] : node.list
      } else {
        members.append(YAMLNode.Member(key: name.string, place: place, value: node))
      }
    }
    guard !merged.isEmpty else { return members }
    var seen = Set(members.map(\.key))
    for member in merged.flatMap(\.members) where seen.insert(member.key).inserted { members.append(member) }
    return members
  }

  private func place(_ mark: Mark?) -> Place {
    guard let mark else { return Place(line: lines + 1, column: 1) }
    return Place(line: mark.line + lines, column: mark.column)
  }

  private func explain(_ error: YamlError) -> YAMLProblem {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
      let context = context.map { ", \($0.text) (line \($0.mark.line + lines))" } ?? ""
      return YAMLProblem(place(mark), "not valid YAML: \(problem)\(context)")
    case .composer(_, let problem, let mark, _): return YAMLProblem(place(mark), "not valid YAML: \(problem)")
    case .duplicatedKeysInMapping(let duplicates, let context):
      let names = duplicates.sorted().joined(separator: ", ")
      return YAMLProblem(
        place(context.mark), "the key \(names.prefix(200)) is there twice in one mapping; the last one would count",
        hint: "keep one of the two")
    case .reader(let problem, let offset, _, _):
      let found = YAMLStream.place(of: offset ?? 0, in: Array(text.utf8))
      return YAMLProblem(Place(line: found.line + lines, column: found.column), "not valid YAML: \(problem)")
    default: return YAMLProblem(Place(line: lines + 1, column: 1), "not valid YAML")
    }
  }
}

extension YAMLReader {
  /// Yams hashes the keys of each mapping, with all that an alias in a key stands for: e^(n/e) nodes for n aliases. Keys that can hold an
  /// alias are explicit (`? `), end with a bracket, or are an alias themselves; no object of Kubernetes has any of them.
  private func refuseAliasKeys() throws(YAMLProblem) {
    var text = text
    let found = text.withUTF8 { YAMLReader.aliasKey(in: $0) }
    guard let found else { return }
    let place = YAMLStream.place(of: found, in: Array(text.utf8))
    throw YAMLProblem(
      Place(line: place.line + lines, column: place.column), "aliases beside a key that is not plain text",
      hint: "write the values out")
  }

  /// The offset of such a key, in a text that has an alias too.
  private static func aliasKey(in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    var (hasAlias, key) = (false, Int?.none)
    var previous = UInt8(ascii: "\n")
    for (index, byte) in bytes.enumerated() {
      switch byte {
      case UInt8(ascii: "*") where opens(previous) && follows(bytes, index + 1, isName):
        hasAlias = true
        var end = index + 1
        while end < bytes.count, isName(bytes[end]) { end += 1 }
        if key == nil, colon(bytes, after: end) { key = index }
      case UInt8(ascii: "?") where opens(previous) && follows(bytes, index + 1, { $0 <= UInt8(ascii: " ") }):
        key = key ?? index
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        if key == nil, colon(bytes, after: index + 1) { key = index }
      default: break
      }
      previous = byte
    }
    return hasAlias ? key : nil
  }

  private static func follows(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int, _ test: (UInt8) -> Bool) -> Bool {
    index < bytes.count && test(bytes[index])
  }

  private static func colon(_ bytes: UnsafeBufferPointer<UInt8>, after index: Int) -> Bool {
    var index = index
    while index < bytes.count, bytes[index] <= UInt8(ascii: " ") { index += 1 }
    return index < bytes.count && bytes[index] == UInt8(ascii: ":")
  }

  private static func opens(_ byte: UInt8) -> Bool {
    byte <= UInt8(ascii: " ")
      || [UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: ","), UInt8(ascii: ":")].contains(byte)
  }

  private static func isName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
