import OpzPackage
import OpzYAML

/// `--set key.path=value`: a value that overrides the one in opz.yaml.
///
/// A value in brackets, braces or quotes is parsed as YAML; any other is taken literally, including `#`. An empty
/// value unsets the key (a variable or tag becomes empty).
struct ConfigOverride {
  private let keys: [String]
  private let value: YAMLNode

  init(_ text: String) throws {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
      throw ConfigError(
        "--set \(text)", "not key=value", hint: "write --set env.THRESHOLD=0.7", category: .usage)
    }
    let key = String(text[..<equals])
    let written = String(text[text.index(after: equals)...])
    keys = ConfigOverride.split(key, isWhole: written.hasPrefix("{"))
    guard !keys.contains(""), keys.count <= 4 else {
      throw ConfigError(
        "--set \(key)", "not a path of keys", hint: "write --set deploy.replicas.max=10", category: .usage)
    }
    value = try ConfigOverride.value(written, place: "--set \(key)")
  }

  func apply(to document: inout YAMLNode) {
    document.set(keys[...], value)
  }

  /// Names below `env`, `lineage.tags` and `serve.contract` are a single key even if they contain dots. Behind the name of
  /// a column of the contract may stand a key of its own: `serve.contract.AGE.max`.
  /// - Parameter isWhole: whether the value is a mapping, as of a whole column.
  private static func split(_ key: String, isWhole: Bool) -> [String] {
    for open in ConfigKeys.open where key.hasPrefix(open + ".") {
      let (parents, name) = (open.split(separator: ".").map(String.init), String(key.dropFirst(open.count + 1)))
      guard open == ConfigKeys.contract, !isWhole, let dot = name.lastIndex(of: "."), dot != name.startIndex,
        ContractSection.columnKeys.contains(String(name[name.index(after: dot)...]))
      else { return parents + [name] }
      return parents + [String(name[..<dot]), String(name[name.index(after: dot)...])]
    }
    return key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
  }

  private static func value(_ text: String, place: String) throws -> YAMLNode {
    let nowhere = Place(line: 0, column: 0)
    guard let first = text.unicodeScalars.first, "[{\"'".unicodeScalars.contains(first) else {
      return YAMLNode(content: .scalar(text, isPlain: true), place: nowhere)
    }
    do throws(YAMLProblem) {
      let node = try YAMLReader.readOne(text, .settings)
      return node?.placed(at: nowhere) ?? YAMLNode(content: .scalar("", isPlain: true), place: nowhere)
    } catch {
      throw ConfigError(place, error.reason, hint: error.hint, category: .usage)
    }
  }
}

extension YAMLNode {
  /// The same values with the location of the override.
  fileprivate func placed(at place: Place) -> YAMLNode {
    let content: Content =
      switch content {
      case .scalar: content
      case .list(let items): .list(items.map { $0.placed(at: place) })
      case .map(let members):
        .map(members.map { Member(key: $0.key, place: place, value: $0.value.placed(at: place)) })
      }
    return YAMLNode(content: content, place: place)
  }

  /// Sets a value under a path of keys, creating missing mappings.
  fileprivate mutating func set(_ keys: ArraySlice<String>, _ new: YAMLNode) {
    guard let key = keys.first else {
      self = new
      return
    }
    let nowhere = Place(line: 0, column: 0)
    var members = members
    var child = YAMLNode(content: .scalar("", isPlain: true), place: nowhere)
    if let index = members.firstIndex(where: { $0.key == key }) {
      child = members[index].value
      let isKept = child.isMap && keys.count > 1
      child.set(keys.dropFirst(), new)
      members[index] = Member(key: key, place: isKept ? members[index].place : nowhere, value: child)
    } else {
      child.set(keys.dropFirst(), new)
      members.append(Member(key: key, place: nowhere, value: child))
    }
    self = YAMLNode(content: .map(members), place: place, start: start)
  }
}
