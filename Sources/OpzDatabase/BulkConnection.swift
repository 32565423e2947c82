/// A connection that reads and writes many rows: PostgreSQL by its binary COPY, SQLite by prepared statements.
public protocol BulkConnection: DatabaseConnection {
  /// The columns of a query, which is not run.
  /// - Throws: `DatabaseError.refused` for what is no query, or more than one statement.
  func columns(of query: String) throws -> [QueryColumn]

  /// Runs a statement.
  /// - Returns: how many rows it changed.
  /// - Throws: `DatabaseError.refused`.
  func change(_ statement: String) throws -> Int

  /// Reads the rows of a query in their order. What `take` throws ends the connection.
  /// - Parameters:
  ///   - types: of the columns; `text` has SQLite write numbers as texts.
  ///   - size: bytes from which on rows are passed on.
  ///   - limit: the most rows that are passed on at once.
  /// - Throws: `DatabaseError`, and what `take` throws.
  func read(
    _ query: String, types: [CellType], size: Int, limit: Int, _ take: (RowBytes) throws -> Void
  ) throws

  /// Begins to write rows, in a transaction of the caller's.
  func beginWriting(_ target: BulkTarget) throws
  /// Writes rows between `beginWriting` and `endWriting`.
  func write(_ rows: RowBytes) throws
  /// Ends writing: all rows are in the table.
  func endWriting() throws
  /// Ends writing: the transaction has to be rolled back.
  func abandonWriting()
}

/// Where rows are written.
public struct BulkTarget: Sendable {
  /// PostgreSQL's `COPY .. FROM STDIN (FORMAT binary)`; SQLite's `INSERT` with a question mark for each column.
  public let statement: String
  /// The types of the columns.
  public let types: [CellType]

  /// Describes where rows are written.
  public init(statement: String, types: [CellType]) {
    self.statement = statement
    self.types = types
  }
}
