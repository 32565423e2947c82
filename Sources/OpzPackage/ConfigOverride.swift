/// `--set key.path=value`: a value that comes over the one in opz.yaml.
///
/// A value in brackets, braces or quotes is YAML; any other is taken to the last character, a `#` too. An empty one unsets the key
/// (a variable or a tag becomes empty).
struct ConfigOverride {
  private let keys: [String]
  private let value: ConfigNode

  init(_ text: String) throws {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
      throw ConfigError(
        "--set \(text)", "not key=value", hint: "write --set env.THRESHOLD=0.7", category: .usage)
    }
    let key = String(text[..<equals])
    keys = ConfigOverride.split(key)
    guard !keys.contains(""), keys.count <= 4 else {
      throw ConfigError(
        "--set \(key)", "not a path of keys", hint: "write --set deploy.replicas.max=10", category: .usage)
    }
    value = try ConfigOverride.value(String(text[text.index(after: equals)...]), place: "--set \(key)")
  }

  func apply(to document: inout ConfigNode) {
    document.set(keys[...], value)
  }

  /// Names below `env` and `lineage.tags` are one key, whatever dots they have.
  private static func split(_ key: String) -> [String] {
    for open in ConfigKeys.open where key.hasPrefix(open + ".") {
      return open.split(separator: ".").map(String.init) + [String(key.dropFirst(open.count + 1))]
    }
    return key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
  }

  private static func value(_ text: String, place: String) throws -> ConfigNode {
    guard let first = text.unicodeScalars.first, "[{\"'".unicodeScalars.contains(first) else {
      return ConfigNode(value: ConfigNode.plain(text), line: 0)
    }
    do {
      var node = try ConfigDocument.read(text, file: place)
      node.clearLines()
      return node
    } catch let error as ConfigError {
      throw ConfigError(place, error.reason, hint: error.hint, category: .usage)
    }
  }
}

extension ConfigNode {
  fileprivate mutating func clearLines() {
    line = 0
    switch value {
    case .list(var items):
      for index in items.indices { items[index].clearLines() }
      value = .list(items)
    case .map(var pairs):
      for index in pairs.indices {
        pairs[index].line = 0
        pairs[index].value.clearLines()
      }
      value = .map(pairs)
    default: break
    }
  }

  /// Puts a value under a path of keys, with mappings made on the way.
  fileprivate mutating func set(_ keys: ArraySlice<String>, _ new: ConfigNode) {
    guard let key = keys.first else {
      self = new
      return
    }
    var pairs: [(key: String, line: Int, value: ConfigNode)] = []
    if case .map(let old) = value { pairs = old }
    var child = ConfigNode(value: .null, line: 0)
    if let index = pairs.firstIndex(where: { $0.key == key }) {
      child = pairs[index].value
      var isKept = false
      if case .map = child.value { isKept = keys.count > 1 }
      child.set(keys.dropFirst(), new)
      pairs[index] = (key, isKept ? pairs[index].line : 0, child)
    } else {
      child.set(keys.dropFirst(), new)
      pairs.append((key, 0, child))
    }
    value = .map(pairs)
  }
}
