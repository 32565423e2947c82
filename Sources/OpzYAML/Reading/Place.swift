/// A place in a text: from 1 on, the column in code points.
public struct Place: Sendable, Hashable, Comparable {
  // A document of 32 MiB has millions of them.
  private let lineNumber: UInt32
  private let columnNumber: UInt32

  public var line: Int { Int(lineNumber) }
  public var column: Int { Int(columnNumber) }

  public init(line: Int, column: Int) {
    lineNumber = UInt32(clamping: line)
    columnNumber = UInt32(clamping: column)
  }

  public static func < (one: Place, other: Place) -> Bool { (one.line, one.column) < (other.line, other.column) }
}
