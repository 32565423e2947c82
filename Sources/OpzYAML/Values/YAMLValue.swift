/// A YAML document as opz writes it: mappings keep their order, and a member can have a comment above it.
public indirect enum YAMLValue: Sendable, Hashable {
  case text(String)
  case integer(Int)
  case bool(Bool)
  case number(Double)
  case null
  case list([YAMLValue])
  case map([Member])

  public struct Member: Sendable, Hashable {
    public var key: String
    public var value: YAMLValue
    /// Lines for people, without `#`.
    public var comment: String?

    public init(_ key: String, _ value: YAMLValue, comment: String? = nil) {
      self.key = key
      self.value = value
      self.comment = comment
    }
  }

  /// A mapping of the members that have a value.
  public static func map(_ members: Member?...) -> YAMLValue { .map(members.compactMap { $0 }) }

  /// Texts in their order.
  public static func texts(_ values: [String]) -> YAMLValue { .list(values.map { .text($0) }) }

  /// Texts by name, sorted by name.
  public static func texts(_ values: [String: String]) -> YAMLValue {
    .map(values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { Member($0.key, .text($0.value)) })
  }
}

extension YAMLValue {
  /// The member of a mapping; nil for none, and for what is no mapping.
  public subscript(_ key: String) -> YAMLValue? {
    guard case .map(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  public var text: String? { if case .text(let text) = self { text } else { nil } }

  /// The same values, whatever the order of members and the comments.
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

/// What a Kubernetes object writes of itself.
public protocol YAMLEncodable: Sendable {
  var yaml: YAMLValue { get }
}
