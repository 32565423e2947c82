public import OpzJSON
public import OpzOCI

/// A value in a query or in a field of a version.
public enum QueryValue: Sendable, Equatable {
  case number(Double)
  case text(String)
  case bool(Bool)
  case version(SemanticVersion)

  /// How one value compares with another; values that can only be equal or different are never `before` or `after`.
  public enum Order: Sendable, Equatable { case before, same, after }

  /// Compares the value with one in a query; nil if they cannot be compared.
  public func order(_ wanted: QueryValue) -> Order? {
    switch (self, wanted) {
    case (.number(let one), .number(let other)):
      one < other ? .before : one > other ? .after : one == other ? .same : nil
    case (.bool(let one), .bool(let other)): one == other ? .same : nil
    case (.version(let one), .text(let text)):
      SemanticVersion(text).map { one < $0 ? .before : $0 < one ? .after : .same }
    case (.text(let one), .text(let other)):
      one.utf8.elementsEqual(other.utf8)
        ? .same : one.utf8.lexicographicallyPrecedes(other.utf8) ? .before : .after
    // Tags are texts, but `tag.year = 2026` should match.
    case (.text(let text), .number(let other)): Double(text).flatMap { QueryValue.number($0).order(.number(other)) }
    default: nil
    }
  }

  public var text: String {
    switch self {
    case .number(let number): number == number.rounded() && abs(number) < 1e15 ? "\(Int64(number))" : "\(number)"
    case .text(let text): text
    case .bool(let value): "\(value)"
    case .version(let version): "\(version)"
    }
  }

  /// The values in a JSON value: several for a list, none for an object.
  public static func values(_ json: JSONValue) -> [QueryValue] {
    switch json {
    case .null, .object: []
    case .bool(let value): [.bool(value)]
    case .integer(let number): [.number(Double(number))]
    case .number(let number): [.number(number)]
    case .string(let text): [.text(text)]
    case .array(let items): items.flatMap(values)
    }
  }
}
