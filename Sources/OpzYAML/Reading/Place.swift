/// A position in a text: line and column count from 1, columns in code points.
public struct Place: Sendable, Hashable, Comparable {
  // 32 bits each, because a document of 32 MiB has millions of places.
  private let lineNumber: UInt32
  private let columnNumber: UInt32

  public var line: Int { Int(lineNumber) }
  public var column: Int { Int(columnNumber) }

  /// Makes a place; negative numbers become 0.
  public init(line: Int, column: Int) {
    lineNumber = UInt32(clamping: line)
    columnNumber = UInt32(clamping: column)
  }

  /// Whether the left place comes first in the text.
  public static func < (one: Place, other: Place) -> Bool { (one.line, one.column) < (other.line, other.column) }
}
