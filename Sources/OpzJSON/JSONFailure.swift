/// Why a JSON text is refused, and where.
public struct JSONFailure: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of failure.
  public enum Kind: Sendable {
    /// Not JSON (RFC 8259).
    case syntax
    /// JSON that readers interpret differently: duplicate keys, a byte order mark, invalid UTF-8, data after the end.
    case ambiguous
    /// Nested deeper than `JSONOptions.depth`.
    case tooDeep
    /// A text, a number or an object over a limit.
    case tooLarge
    /// JSON of another shape than requested.
    case mismatch
  }

  public let kind: Kind
  /// The byte offset of the problem; nil where the reason names a member instead.
  public let offset: Int?
  public let reason: String

  /// Makes a failure; `reason` is lower case, without the offset.
  public init(_ kind: Kind, at offset: Int?, _ reason: String) {
    self.kind = kind
    self.offset = offset
    self.reason = reason
  }

  /// The reason with its offset: `at byte 12: a key belongs here`
  public var description: String { offset.map { "at byte \($0): \(reason)" } ?? reason }

  /// The reason with its line and column, both from 1: `at line 3, column 14: expected a key`. A column counts bytes.
  /// - Parameter text: the document that was refused.
  public func described(in text: some BidirectionalCollection<UInt8>) -> String {
    guard let offset else { return reason }
    let before = text.prefix(offset)
    let line = before.reduce(1) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
    let column = before.reversed().prefix { $0 != UInt8(ascii: "\n") }.count + 1
    return "at line \(line), column \(column): \(reason)"
  }

  /// What to do about it; nil where the reason says it.
  public var hint: String? {
    switch kind {
    case .ambiguous: "its author has to fix it, so that all readers read the same values"
    case .syntax: "JSON has strings in double quotes, and neither comments, commas before a bracket, nor NaN"
    case .tooDeep, .tooLarge, .mismatch: nil
    }
  }
}
