/// A value of a row that is sent to a database.
public enum DatabaseCell: Sendable, Hashable {
  case missing
  case number(Double)
  case text(String)

  /// The digits of a number in a text that a database reads: columns of whole numbers take no point.
  static func digits(_ number: Double) -> String {
    let isWhole = number == number.rounded(.towardZero) && abs(number) < 0x1p53 && number.sign == .plus
    return isWhole ? "\(Int64(number))" : "\(number)"
  }
}

/// A connection to a database that may be read, with a place of its own for tables that nobody else sees and that are
/// gone with it. Calls block.
public protocol DatabaseConnection: AnyObject {
  /// What the database says it is: `15.6`.
  var version: String { get }
  /// The schema of tables that are gone with the connection, from the catalog on; empty where they have none, and are
  /// made as `TEMPORARY`.
  var scratchSchema: [String] { get }
  /// Whether a number may be NaN in it.
  var hasNaN: Bool { get }
  /// Whether a number may be infinite in it.
  var hasInfinities: Bool { get }
  /// The name of its SQL's dialect, where the URL does not say it.
  var dialectName: String? { get }

  /// Runs a statement that returns nothing.
  /// - Throws: `DatabaseError.refused` with the database's own words.
  func run(_ statement: String) throws

  /// Runs a statement that makes a table or view of the connection's own.
  /// - Throws: `DatabaseError.refused`.
  func makeScratch(_ statement: String) throws

  /// Adds rows to a table.
  /// - Parameter table: its name, quoted.
  func insert(_ rows: [[DatabaseCell]], into table: String) throws

  /// Calls `body` with each row of a query; nil is NULL. A number is written so that it reads back as it was, in the
  /// precision of its type.
  /// - Throws: `DatabaseError.refused`, and what `body` throws.
  func forEachRow(of query: String, _ body: ([String?]) throws -> Void) throws
}

extension DatabaseConnection {
  public var hasInfinities: Bool { true }
  public var dialectName: String? { nil }

  /// Runs it as any other.
  public func makeScratch(_ statement: String) throws { try run(statement) }

  /// All rows of a query whose result is small.
  /// - Throws: `DatabaseError.refused`.
  public func rows(of query: String) throws -> [[String?]] {
    var rows: [[String?]] = []
    try forEachRow(of: query) { rows.append($0) }
    return rows
  }

  /// The values of the first column, without NULL, of a query whose result is small.
  /// - Throws: `DatabaseError.refused`.
  public func firstColumn(of query: String) throws -> [String] { try rows(of: query).compactMap { $0.first ?? nil } }
}
