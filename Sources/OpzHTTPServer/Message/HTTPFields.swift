/// The header fields of a message, in order. Names are case-insensitive (RFC 9110, section 5.1).
public struct HTTPFields: Sendable, ExpressibleByDictionaryLiteral {
  public private(set) var all: [(name: String, value: String)]

  /// Creates fields in the given order; a name may occur more than once.
  public init(_ all: [(name: String, value: String)] = []) { self.all = all }

  /// Creates fields from a literal, keeping order and duplicates.
  public init(dictionaryLiteral elements: (String, String)...) { all = elements.map { ($0.0, $0.1) } }

  /// The value of the first field of this name.
  public func first(_ name: String) -> String? {
    for field in all where isSameName(field.name, name) { return field.value }
    return nil
  }

  /// The values of all fields of this name.
  public func values(_ name: String) -> [String] { all.filter { isSameName($0.name, name) }.map(\.value) }

  /// The members of a comma-separated list over all fields with this name, in lower case (RFC 9110, section 5.6.1).
  public func list(_ name: String) -> [String] {
    values(name).flatMap { value in
      value.split(separator: ",").map { String($0.drop { $0 == " " || $0 == "\t" }).trimmed().lowercased() }
    }.filter { !$0.isEmpty }
  }

  /// Adds a field after the others, even if the name already occurs.
  public mutating func append(_ name: String, _ value: String) { all.append((name, value)) }

  /// Removes all fields of this name.
  public mutating func remove(_ name: String) { all.removeAll { isSameName($0.name, name) } }
}

extension String {
  fileprivate func trimmed() -> String {
    var rest = self[...]
    while rest.last == " " || rest.last == "\t" { rest.removeLast() }
    return String(rest)
  }
}

/// Compares names, ignoring the case of ASCII letters only.
func isSameName(_ one: String, _ other: String) -> Bool {
  guard one.utf8.count == other.utf8.count else { return false }
  for (left, right) in zip(one.utf8, other.utf8) where left != right {
    guard left | 0x20 == right | 0x20, left | 0x20 >= UInt8(ascii: "a"), left | 0x20 <= UInt8(ascii: "z") else {
      return false
    }
  }
  return true
}
