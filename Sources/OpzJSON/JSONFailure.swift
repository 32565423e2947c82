/// Why a JSON text is not read, and where.
public struct JSONFailure: Error, Sendable, Hashable, CustomStringConvertible {
  public enum Kind: Sendable {
    /// No JSON (RFC 8259).
    case syntax
    /// JSON that two readers take differently: a key that comes twice, a byte order mark, text that is not UTF-8, something after the end.
    case ambiguous
    /// Nested deeper than `JSONOptions.depth`.
    case tooDeep
    /// A text, a number or an object over its limit.
    case tooLarge
    /// JSON of another shape than the one that was asked for.
    case mismatch
  }

  public let kind: Kind
  /// Bytes before the place; nil where the reason names a member instead.
  public let offset: Int?
  public let reason: String

  public init(_ kind: Kind, at offset: Int?, _ reason: String) {
    self.kind = kind
    self.offset = offset
    self.reason = reason
  }

  /// `at byte 12: a key belongs here`
  public var description: String { offset.map { "at byte \($0): \(reason)" } ?? reason }

  /// What to do about a document that is ambiguous; nil for others.
  public var hint: String? {
    switch kind {
    case .ambiguous: "whoever wrote it has to write it once more, so that every reader reads the same"
    default: nil
    }
  }
}
