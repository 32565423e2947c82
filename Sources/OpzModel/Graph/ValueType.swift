/// The type of a value's elements.
public enum ElementType: Sendable, Hashable {
  /// Numbers that are rounded to float32 after each operation.
  case float32
  case float64
  /// Whole numbers; truth values are 0 and 1. They are exact up to 2^53.
  case integer
  case text
}

/// The type of a value: rows of `width` elements.
public struct ValueType: Sendable, Hashable {
  public let element: ElementType
  /// Elements per row.
  public let width: Int

  /// Creates a type.
  public init(_ element: ElementType, width: Int) {
    self.element = element
    self.width = width
  }

  public var isNumeric: Bool { element != .text }
}
