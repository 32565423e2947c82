import OpzJSON

/// How bad a result or a notification is (SARIF 2.1.0, 3.27.10 and 3.58.6).
enum SARIFLevel: Int, Comparable {
  /// `none`.
  case unrated
  case note, warning, error

  static func < (one: SARIFLevel, other: SARIFLevel) -> Bool { one.rawValue < other.rawValue }

  /// A level that SARIF does not have hides nothing.
  init(_ text: String) {
    switch text {
    case "none": self = .unrated
    case "note": self = .note
    case "warning": self = .warning
    default: self = .error
    }
  }

  /// The value of a key `level`; nil where there is none.
  init?(_ value: JSONValue?) {
    guard let value, value != .null else { return nil }
    if case .string(let text) = value { self.init(text) } else { self = .error }
  }
}

/// Two parts of a document that cannot both be so.
struct SARIFContradiction: Error {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}

extension JSONValue {
  /// An index into another array; nil where there is none: -1 says so too (SARIF 2.1.0, 3.7.4).
  static func sarifIndex(_ value: JSONValue?, of count: Int, _ name: String) throws(SARIFContradiction) -> Int? {
    guard let value, value != .null, value != .integer(-1) else { return nil }
    guard case .integer(let number) = value, let index = Int(exactly: number), (0..<count).contains(index) else {
      throw SARIFContradiction("its \(name) is none of the \(count) that there are")
    }
    return index
  }

  /// The text under a key; nil where there is none.
  static func sarifText(_ value: JSONValue?, _ name: String) throws(SARIFContradiction) -> String? {
    guard let value, value != .null else { return nil }
    guard case .string(let text) = value else { throw SARIFContradiction("its \(name) is no text") }
    return text
  }
}
