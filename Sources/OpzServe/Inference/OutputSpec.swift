/// One thing that a model computes for a row.
public struct OutputSpec: Sendable, Equatable {
  public let name: String
  /// How many values a row has.
  public let columns: Int

  /// Describes an output tensor of `columns` values per row.
  public init(name: String, columns: Int = 1) {
    self.name = name
    self.columns = columns
  }

  /// The tensor's shape for `rows` rows: `[n]` where a row has one value, `[n, columns]` where it has more.
  func shape(rows: Int) -> [Int] { columns == 1 ? [rows] : [rows, columns] }
}
