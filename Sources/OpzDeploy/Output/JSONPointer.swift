import OpzYAML

/// A JSON Pointer (RFC 6901).
struct JSONPointer: Sendable, Hashable, CustomStringConvertible {
  let parts: [String]

  init(_ parts: [String]) { self.parts = parts }

  /// Parses a pointer; nil for invalid text.
  init?(_ text: String) {
    guard text.isEmpty || text.hasPrefix("/") else { return nil }
    var parts: [String] = []
    for part in text.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      let pieces = part.split(separator: "~", omittingEmptySubsequences: false)
      guard pieces.dropFirst().allSatisfy({ $0.first == "0" || $0.first == "1" }) else { return nil }
      parts.append(
        pieces.dropFirst().reduce(pieces.first.map(String.init) ?? "") { text, piece in
          text + (piece.first == "0" ? "~" : "/") + piece.dropFirst()
        })
    }
    self.parts = parts
  }

  var description: String {
    parts.map { "/" + $0.replacing("~", with: "~0").replacing("/", with: "~1") }.joined()
  }

  func appending(_ part: String) -> JSONPointer { JSONPointer(parts + [part]) }

  func value(in document: YAMLValue) -> YAMLValue? {
    var value = document
    for part in parts {
      switch value {
      case .map:
        guard let member = value[part] else { return nil }
        value = member
      case .list(let items):
        guard let index = JSONPointer.index(part), items.indices.contains(index) else { return nil }
        value = items[index]
      default: return nil
      }
    }
    return value
  }

  /// Parses a list index: digits without a leading zero.
  static func index(_ part: String) -> Int? {
    guard part == "0" || part.utf8.first != 48, part.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return Int(part)
  }
}
