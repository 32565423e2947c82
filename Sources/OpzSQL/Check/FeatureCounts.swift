public import OpzModel

/// A statement that counts what is in the columns that a model reads: one row, whatever the number of rows.
public struct FeatureCounts: Sendable {
  /// A column that is there, of an input.
  public struct Column: Sendable {
    public let input: Model.Input
    /// The column's name in the table or query.
    public let name: String

    /// Creates a column.
    public init(_ input: Model.Input, name: String) {
      self.input = input
      self.name = name
    }
  }

  /// What was counted of a column.
  public struct Count: Sendable, Hashable {
    /// Rows without a value: NULL, and NaN where the input is a number.
    public let missing: Int
    /// Rows with a text where the model has a number, in a database whose columns have no types.
    public let texts: Int
    /// Rows with a category that the model does not have.
    public let unseen: Int
    /// The least and the greatest number; nil for a column of texts, and for one without values.
    public let least: Double?
    public let most: Double?
  }

  private let dialect: SQLDialect
  private let source: SourceRelation
  private let columns: [Column]
  private let limit: Int
  private static let perColumn = 5

  /// - Parameter limit: the most rows that are looked at.
  public init(_ dialect: SQLDialect, _ source: SourceRelation, columns: [Column], limit: Int) {
    self.dialect = dialect
    self.source = source
    self.columns = columns
    self.limit = limit
  }

  /// The statement: the number of rows, then five numbers a column.
  public var statement: String {
    var items = ["COUNT(*)"]
    for column in columns { items += FeatureCounts.items(column, dialect) }
    return "SELECT \(items.joined(separator: ",\n  "))\n"
      + "FROM (\n  SELECT * FROM \(source.text(dialect)) LIMIT \(limit)\n) \(dialect.quoted("opz_rows"))"
  }

  /// Whether a column's values have types of their own: SQLite.
  private static func isUntyped(_ dialect: SQLDialect) -> Bool { dialect.name == "sqlite" }

  private static func items(_ column: Column, _ dialect: SQLDialect) -> [String] {
    let name = dialect.quoted(column.name)
    guard !column.input.isText else {
      return ["SUM(CASE WHEN \(name) IS NULL THEN 1 ELSE 0 END)", "0", unseen(column, dialect), "NULL", "NULL"]
    }
    let isText = isUntyped(dialect) ? "typeof(\(name)) IN ('text', 'blob')" : nil
    // A text that is no number would end the query in other databases: their columns are looked at by type before.
    var writer = SQLWriter(dialect)
    writer.write(.withoutNaN(.cast(.column(column.name), .float64)), indent: 1)
    let number = isText.map { "CASE WHEN \($0) THEN NULL ELSE \(writer.text) END" } ?? writer.text
    let texts = isText.map { "SUM(CASE WHEN \($0) THEN 1 ELSE 0 END)" } ?? "0"
    let missing = "SUM(CASE WHEN \(isText.map { "NOT \($0) AND " } ?? "")(\(number)) IS NULL THEN 1 ELSE 0 END)"
    return [missing, texts, "0", "MIN(\(number))", "MAX(\(number))"]
  }

  private static func unseen(_ column: Column, _ dialect: SQLDialect) -> String {
    guard case .categorical(let known, _) = column.input.kind, !known.isEmpty else { return "0" }
    var writer = SQLWriter(dialect)
    writer.write(.isNone(of: known.map { .text($0) }, .bytes(.column(column.name))), indent: 1)
    return "SUM(CASE WHEN \(dialect.quoted(column.name)) IS NOT NULL AND \(writer.text) THEN 1 ELSE 0 END)"
  }

  /// What the statement's row says: the number of rows, and the counts in the order of the columns.
  /// - Throws: `SQLError.unsupported` for a row that is not the statement's.
  public func read(_ row: [String?]) throws -> (rows: Int, counts: [Count]) {
    guard row.count == 1 + columns.count * FeatureCounts.perColumn, let rows = row[0].flatMap({ Int($0) }) else {
      throw SQLError(.unsupported, dialect.name, reason: "the database counted something else than was asked")
    }
    let counts = columns.indices.map { index in
      let cells = row[(1 + index * FeatureCounts.perColumn)...]
      func count(_ place: Int) -> Int {
        // Sums are NULL without rows, and decimal numbers in some databases.
        cells[cells.startIndex + place].flatMap { Double($0) }.flatMap { Int(exactly: $0.rounded()) } ?? 0
      }
      func number(_ place: Int) -> Double? { cells[cells.startIndex + place].flatMap { Double($0) } }
      return Count(missing: count(0), texts: count(1), unseen: count(2), least: number(3), most: number(4))
    }
    return (rows, counts)
  }
}
