/// A place in a text: from 1 on, the column in code points.
public struct Place: Sendable, Hashable, Comparable {
  public let line: Int
  public let column: Int

  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  public static func < (one: Place, other: Place) -> Bool { (one.line, one.column) < (other.line, other.column) }
}
