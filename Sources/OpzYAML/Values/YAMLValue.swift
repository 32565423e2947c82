/// A YAML document to be written: mappings keep their order, and members can have a comment above them.
public indirect enum YAMLValue: Sendable, Hashable {
  case text(String)
  case integer(Int)
  case bool(Bool)
  case number(Double)
  case null
  case list([YAMLValue])
  case map([Member])

  /// A key of a mapping, its value, and its comment.
  public struct Member: Sendable, Hashable {
    public var key: String
    public var value: YAMLValue
    /// The comment's lines, without `#`.
    public var comment: String?

    /// Makes a member.
    public init(_ key: String, _ value: YAMLValue, comment: String? = nil) {
      self.key = key
      self.value = value
      self.comment = comment
    }
  }

  /// A mapping of the members that are not nil.
  public static func map(_ members: Member?...) -> YAMLValue { .map(members.compactMap { $0 }) }

  /// A list of texts.
  public static func texts(_ values: [String]) -> YAMLValue { .list(values.map { .text($0) }) }

  /// A mapping of names to texts, sorted by the names' bytes.
  public static func texts(_ values: [String: String]) -> YAMLValue {
    .map(values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { Member($0.key, .text($0.value)) })
  }
}

extension YAMLValue {
  /// The value of a member; nil when it is missing, or when this is not a mapping.
  public subscript(_ key: String) -> YAMLValue? {
    guard case .map(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  public var text: String? { if case .text(let text) = self { text } else { nil } }

  /// Whether the values are equal, ignoring comments and the order of members.
  public func isSame(as other: YAMLValue) -> Bool {
    switch (self, other) {
    case (.map(let left), .map(let right)):
      left.count == right.count
        && left.allSatisfy { member in other[member.key].map { member.value.isSame(as: $0) } ?? false }
    case (.list(let left), .list(let right)):
      left.count == right.count && zip(left, right).allSatisfy { $0.isSame(as: $1) }
    default: self == other
    }
  }
}

/// A type that can be written as YAML, such as a Kubernetes object.
public protocol YAMLEncodable: Sendable {
  var yaml: YAMLValue { get }
}
