/// A node of a YAML document, and where it stands. Aliases and merge keys (`<<`) are resolved.
public struct YAMLNode: Sendable {
  public enum Content: Sendable {
    /// - Parameter isPlain: without quotes, so that it may be a number, a truth value or null.
    case scalar(String, isPlain: Bool)
    case list([YAMLNode])
    case map([Member])
  }

  public struct Member: Sendable {
    public let key: String
    /// Without quotes.
    let isPlain: Bool
    public let place: Place
    public let value: YAMLNode

    public init(key: String, isPlain: Bool = false, place: Place, value: YAMLNode) {
      self.key = key
      self.isPlain = isPlain
      self.place = place
      self.value = value
    }
  }

  public let content: Content
  /// Of a list or mapping below a key, the key's: there a reader looks for it.
  public let place: Place
  /// Where it begins itself.
  public let start: Place

  /// - Parameter start: nil where it is the place.
  public init(content: Content, place: Place, start: Place? = nil) {
    self.content = content
    self.place = place
    self.start = start ?? place
  }

  var isScalar: Bool {
    if case .scalar = content { return true }
    return false
  }

  /// The text of a scalar, whatever its type; nil for null.
  public var text: String? {
    guard case .scalar(let text, let isPlain) = content, !(isPlain && YAMLScalar.isNull(text)) else { return nil }
    return text
  }

  public var isNull: Bool {
    if case .scalar(let text, true) = content { return YAMLScalar.isNull(text) }
    return false
  }

  /// A whole number as kubectl reads it; in quotes too, because that is how templates write them.
  public var int: Int? {
    guard case .scalar(let text, let isPlain) = content else { return nil }
    return isPlain ? YAMLScalar.integer(text) : Int(text)
  }

  /// `yes` and `on` too, as kubectl reads them.
  public var bool: Bool? {
    guard case .scalar(let text, true) = content else { return nil }
    return YAMLScalar.flag(text)
  }

  public var list: [YAMLNode] {
    if case .list(let items) = content { return items }
    return []
  }

  public var members: [Member] {
    if case .map(let members) = content { return members }
    return []
  }

  public var isMap: Bool {
    if case .map = content { return true }
    return false
  }

  /// The value of a key; nil where it is null, as Kubernetes reads it.
  public subscript(_ key: String) -> YAMLNode? {
    guard case .map(let members) = content else { return nil }
    for member in members where member.key == key { return member.value.isNull ? nil : member.value }
    return nil
  }

  public subscript(_ path: String...) -> YAMLNode? {
    var node = self
    for key in path {
      guard let next = node[key] else { return nil }
      node = next
    }
    return node
  }

  /// Text to text: labels, annotations.
  public var strings: [String: String] {
    Dictionary(members.compactMap { member in member.value.text.map { (member.key, $0) } }) { _, last in last }
  }
}
