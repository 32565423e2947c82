import OpzJSON

/// How severe a result or a notification is (SARIF 2.1.0, 3.27.10 and 3.58.6).
enum SARIFLevel: Int, Comparable {
  /// SARIF's `none`.
  case unrated
  case note, warning, error

  static func < (one: SARIFLevel, other: SARIFLevel) -> Bool { one.rawValue < other.rawValue }

  /// An unknown level counts as `error`, so that it cannot hide a result.
  init(_ text: String) {
    switch text {
    case "none": self = .unrated
    case "note": self = .note
    case "warning": self = .warning
    default: self = .error
    }
  }

  /// The value of a `level` key; nil if there is none.
  init?(_ value: JSONValue?) {
    guard let value, value != .null else { return nil }
    if case .string(let text) = value { self.init(text) } else { self = .error }
  }
}

/// A document contradicts itself, or a value in it cannot be understood.
struct SARIFContradiction: Error {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}

extension JSONValue {
  /// An index into an array of `count` items; nil if there is none, which -1 means too (SARIF 2.1.0, 3.7.4).
  static func sarifIndex(_ value: JSONValue?, of count: Int, _ name: String) throws(SARIFContradiction) -> Int? {
    guard let value, value != .null, value != .integer(-1) else { return nil }
    guard case .integer(let number) = value, let index = Int(exactly: number), (0..<count).contains(index) else {
      throw SARIFContradiction("its \(name) is not a valid index: there are \(count)")
    }
    return index
  }

  /// The string under a key; nil if there is none.
  static func sarifText(_ value: JSONValue?, _ name: String) throws(SARIFContradiction) -> String? {
    guard let value, value != .null else { return nil }
    guard case .string(let text) = value else { throw SARIFContradiction("its \(name) is not a string") }
    return text
  }
}
