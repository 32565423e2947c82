/// A YAML document as opz writes it: mappings keep their order, and a member can have a comment above it.
public indirect enum YAMLValue: Sendable, Hashable {
  case text(String)
  case integer(Int)
  case bool(Bool)
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

  /// Texts by name, sorted by name.
  public static func texts(_ values: [String: String]) -> YAMLValue {
    .map(values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { Member($0.key, .text($0.value)) })
  }
}

/// What a Kubernetes object writes of itself.
public protocol YAMLEncodable: Sendable {
  var yaml: YAMLValue { get }
}
