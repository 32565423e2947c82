/// A node of a YAML document, with its place. Aliases and merge keys (`<<`) are resolved.
public struct YAMLNode: Sendable {
  /// The three kinds of nodes.
  public enum Content: Sendable {
    /// - Parameter isPlain: whether it is unquoted, so that it may be a number, a truth value or null.
    case scalar(String, isPlain: Bool)
    case list([YAMLNode])
    case map([Member])
  }

  /// A key of a mapping, and its value.
  public struct Member: Sendable {
    public let key: String
    /// Whether the key is unquoted.
    let isPlain: Bool
    public let place: Place
    public let value: YAMLNode

    /// Makes a member.
    public init(key: String, isPlain: Bool = false, place: Place, value: YAMLNode) {
      self.key = key
      self.isPlain = isPlain
      self.place = place
      self.value = value
    }
  }

  public let content: Content
  /// The place that messages name: for a list or mapping below a key, that of the key.
  public let place: Place
  /// Where the node itself starts.
  public let start: Place

  /// - Parameter start: where the node itself starts; nil for `place`.
  public init(content: Content, place: Place, start: Place? = nil) {
    self.content = content
    self.place = place
    self.start = start ?? place
  }

  var isScalar: Bool {
    if case .scalar = content { return true }
    return false
  }

  /// The text of a scalar of any type; nil for null, lists and mappings.
  public var text: String? {
    guard case .scalar(let text, let isPlain) = content, !(isPlain && YAMLScalar.isNull(text)) else { return nil }
    return text
  }

  public var isNull: Bool {
    if case .scalar(let text, true) = content { return YAMLScalar.isNull(text) }
    return false
  }

  /// The value as a whole number, as kubectl reads it; quoted numbers count, because templates often quote them.
  public var int: Int? {
    guard case .scalar(let text, let isPlain) = content else { return nil }
    return isPlain ? YAMLScalar.integer(text) : Int(text)
  }

  /// The value as a truth value, including `yes` and `on`, as kubectl reads them; nil when quoted.
  public var bool: Bool? {
    guard case .scalar(let text, true) = content else { return nil }
    return YAMLScalar.flag(text)
  }

  /// The elements of a list; empty for other nodes.
  public var list: [YAMLNode] {
    if case .list(let items) = content { return items }
    return []
  }

  /// The members of a mapping in their order; empty for other nodes.
  public var members: [Member] {
    if case .map(let members) = content { return members }
    return []
  }

  public var isMap: Bool {
    if case .map = content { return true }
    return false
  }

  /// The value of a key; nil when it is missing or null, as in Kubernetes.
  public subscript(_ key: String) -> YAMLNode? {
    guard case .map(let members) = content else { return nil }
    for member in members where member.key == key { return member.value.isNull ? nil : member.value }
    return nil
  }

  /// The value at a path of keys; nil when any of them is missing or null.
  public subscript(_ path: String...) -> YAMLNode? {
    var node = self
    for key in path {
      guard let next = node[key] else { return nil }
      node = next
    }
    return node
  }

  /// The members with scalar values as texts, as in labels and annotations; other members are left out.
  public var strings: [String: String] {
    Dictionary(members.compactMap { member in member.value.text.map { (member.key, $0) } }) { _, last in last }
  }
}
