import OpzDatabase
import OpzSQL

/// A column of a table or query, as its database describes it.
struct FeatureColumn: Hashable {
  /// What a column can hold, as far as a model cares.
  enum Kind: Hashable {
    case number, text
    /// The database does not say: SQLite, whose columns hold anything.
    case unknown
    /// What is neither: a date, an array.
    case other
  }

  let name: String
  /// The type's name in the database.
  let type: String
  let kind: Kind
}

/// Reads which columns a table or query has. Nothing of the user's database changes.
struct FeatureColumns {
  private let connection: any DatabaseConnection
  private let dialect: SQLDialect

  init(_ connection: any DatabaseConnection, _ dialect: SQLDialect) {
    self.connection = connection
    self.dialect = dialect
  }

  /// - Throws: `DatabaseError` for a table that is not there, and a query that the database refuses.
  func of(_ source: SourceRelation) throws -> [FeatureColumn] {
    switch dialect.name {
    case "postgresql": return try withView(of: source) { try postgreSQL($0) }
    case "sqlite": return try withView(of: source) { try sqlite($0) }
    case _ where connection is any BulkConnection: return try described(source)
    default:
      let rows = try connection.rows(
        of: "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM \(source.text(dialect)))")
      return rows.map { row in
        let type = row[1] ?? ""
        return FeatureColumn(name: row[0] ?? "", type: type.lowercased(), kind: FeatureColumns.kind(duckDB: type))
      }
    }
  }

  private static let view = "opz_columns"

  /// A view of the connection's own has the columns that the query would have.
  private func withView<Value>(of source: SourceRelation, _ body: (String) throws -> Value) throws -> Value {
    let name = (connection.scratchSchema + [FeatureColumns.view]).map(dialect.quoted).joined(separator: ".")
    try connection.run(
      "CREATE TEMPORARY VIEW \(dialect.quoted(FeatureColumns.view)) AS SELECT * FROM \(source.text(dialect))")
    let value = try body(name)
    try connection.run("DROP VIEW \(name)")
    return value
  }

  private func postgreSQL(_ view: String) throws -> [FeatureColumn] {
    let rows = try connection.rows(
      of: """
        SELECT a.attname, format_type(a.atttypid, a.atttypmod), t.typcategory
        FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_type p ON p.oid = a.atttypid
        JOIN pg_catalog.pg_type t ON t.oid = CASE WHEN p.typtype = 'd' THEN p.typbasetype ELSE p.oid END
        WHERE a.attrelid = \(dialect.literal(view))::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
        """)
    return rows.map { row in
      let kind: FeatureColumn.Kind =
        switch row[2] {
        case "N", "B": .number
        // Not an enumeration (E), which has no collation by which the model's SQL could compare it.
        case "S": .text
        default: .other
        }
      return FeatureColumn(name: row[0] ?? "", type: row[1] ?? "", kind: kind)
    }
  }

  private func sqlite(_ view: String) throws -> [FeatureColumn] {
    try connection.rows(of: "SELECT name, type FROM pragma_table_info('\(FeatureColumns.view)', 'temp')").map { row in
      FeatureColumn(name: row[0] ?? "", type: (row[1] ?? "").lowercased(), kind: .unknown)
    }
  }

  /// As the connection describes them, without running the query.
  private func described(_ source: SourceRelation) throws -> [FeatureColumn] {
    guard let connection = connection as? any BulkConnection else { return [] }
    return try connection.columns(of: "SELECT * FROM \(source.text(dialect))").map { column in
      let kind: FeatureColumn.Kind =
        switch column.type {
        case .int16, .int32, .int64, .float32, .float64, .bool, .other("decimal"): .number
        case .text: .text
        default: .other
        }
      return FeatureColumn(name: column.name, type: column.typeName, kind: kind)
    }
  }

  private static func kind(duckDB type: String) -> FeatureColumn.Kind {
    let name = type.uppercased()
    if name.hasSuffix("]") { return .other }
    let numbers = [
      "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
      "FLOAT", "DOUBLE", "BOOLEAN",
    ]
    if numbers.contains(name) || name.hasPrefix("DECIMAL") { return .number }
    return name == "VARCHAR" || name.hasPrefix("ENUM") ? .text : .other
  }
}
