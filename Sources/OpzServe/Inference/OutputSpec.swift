/// An output of a model.
public struct OutputSpec: Sendable, Equatable {
  public let name: String
  /// Values per row.
  public let columns: Int

  /// Describes an output tensor of `columns` values per row.
  public init(name: String, columns: Int = 1) {
    self.name = name
    self.columns = columns
  }

  /// The tensor's shape for `rows` rows: `[n]` for one value per row, `[n, columns]` for more.
  func shape(rows: Int) -> [Int] { columns == 1 ? [rows] : [rows, columns] }
}
