/// `--set key.path=value`: a value that comes over the one in opz.yaml.
struct ConfigOverride {
  private let keys: [String]
  private let value: ConfigNode

  init(_ text: String) throws {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
      throw ConfigError("--set \(text)", "not key=value", hint: "write --set env.THRESHOLD='\"0.7\"'", category: .usage)
    }
    keys = text[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard !keys.contains("") else { throw ConfigError("--set \(text)", "a part of the key is empty", category: .usage) }
    var node = try ConfigNode.parse(String(text[text.index(after: equals)...]), file: "--set \(text[..<equals])")
    node.clearLines()
    value = node
  }

  func apply(to document: inout ConfigNode) throws {
    document.set(keys[...], value)
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
      child.set(keys.dropFirst(), new)
      pairs[index] = (key, keys.count == 1 ? 0 : pairs[index].line, child)
    } else {
      child.set(keys.dropFirst(), new)
      pairs.append((key, 0, child))
    }
    value = .map(pairs)
  }
}
