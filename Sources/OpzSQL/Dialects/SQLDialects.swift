extension SQLDialect {
  /// All dialects, those that are proven first.
  public static let all: [SQLDialect] = [
    postgresql, sqlite, duckdb, mariadb, clickhouse, spark, mysql, sqlserver, oracle, snowflake, bigquery, redshift,
    trino,
  ]

  /// The dialect of a name, `NAME` or `NAME:VERSION`.
  /// - Throws: `SQLError.badOption` with the names.
  public static func named(_ text: String) throws -> SQLDialect {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let name = parts[0] == "postgres" ? "postgresql" : parts[0] == "databricks" ? "spark" : String(parts[0])
    guard let dialect = all.first(where: { $0.name == name }) else {
      throw SQLError(
        .badOption, "--dialect", reason: "\"\(name.prefix(60))\" is not a dialect",
        hint: "write one of \(all.map(\.name).joined(separator: ", "))")
    }
    guard parts.count > 1 else { return dialect }
    guard let wanted = numbers(parts[1]), let oldest = numbers(dialect.version) else {
      throw SQLError(
        .badOption, "--dialect", reason: "\"\(parts[1].prefix(40))\" is not a version",
        hint: "write \(name) or \(name):\(dialect.version)")
    }
    guard !wanted.lexicographicallyPrecedes(oldest) else {
      throw SQLError(
        .badOption, "--dialect", reason: "the SQL needs \(name) \(dialect.version) or later, not \(parts[1])")
    }
    return dialect
  }

  private static func numbers(_ version: some StringProtocol) -> [Int]? {
    let parts = version.split(separator: ".", omittingEmptySubsequences: false).map { part in
      part.utf8.allSatisfy { (48...57).contains($0) } ? Int(part) : nil
    }
    return parts.contains(nil) ? nil : parts.compactMap { $0 }
  }

  /// Literals have a type: without one they would be `numeric`, and so would the sums.
  static let postgresql = SQLDialect(
    name: "postgresql", version: "12", isProven: true,
    types: [.float32: "real", .float64: "double precision", .integer: "bigint", .text: "text"],
    numbers: [.float32: Around("'", "'::real"), .float64: Around("'", "'::float8")],
    keepsFloat32: true, bytes: Around("", " COLLATE \"C\""), nans: .equal(to: "'NaN'::float8"),
    barrier: .offset,
    limits: SQLLimits(depth: 3000, caseDepth: 500, bytes: 256 << 20, columns: 1600, identifier: 63))

  /// The depth of expressions is SQLITE_MAX_EXPR_DEPTH, the length SQLITE_MAX_SQL_LENGTH. A name in double quotes that no
  /// column has would be a text.
  static let sqlite = SQLDialect(
    name: "sqlite", version: "3.35", isProven: true, quotes: .backtick,
    types: [.float32: "REAL", .float64: "REAL", .integer: "INTEGER", .text: "TEXT"],
    bytes: Around("", " COLLATE BINARY"), barrier: .materialized,
    limits: SQLLimits(depth: 900, caseDepth: 400, bytes: 1_000_000_000, columns: 2000, identifier: 4096, nameParts: 2))

  /// A column may have a collation, or be of an enumeration, which has none.
  static let duckdb = SQLDialect(
    name: "duckdb", version: "0.10", isProven: true,
    types: [.float32: "REAL", .float64: "DOUBLE", .integer: "BIGINT", .text: "VARCHAR"],
    numbers: [.float32: Around("", "::REAL"), .float64: Around()], keepsFloat32: true,
    bytes: Around("CAST(", " AS VARCHAR) COLLATE \"binary\""), nans: .equal(to: "'NaN'::DOUBLE"),
    barrier: .materialized,
    limits: SQLLimits(depth: 900, caseDepth: 400, bytes: 256 << 20, columns: 4096, identifier: 4096))

  /// `CHAR` alone would have one character, and `INTEGER` 32 bits.
  private static let mysqlColumns: [SQLType: String] = [
    .integer: "BIGINT", .text: "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
  ]

  /// Texts of any character set are compared as the bytes of UTF-8.
  static let mariadb = SQLDialect(
    name: "mariadb", version: "10.2", isProven: true, quotes: .backtick, escapes: .doubledBoth,
    types: [.float32: "DOUBLE", .float64: "DOUBLE", .integer: "INTEGER", .text: "CHAR"], columnTypes: mysqlColumns,
    bytes: Around("CAST(CONVERT(", " USING utf8mb4) AS BINARY)"), barrier: .limit,
    limits: SQLLimits(
      depth: 1500, caseDepth: 200, bytes: 16 << 20, columns: 4096, identifier: 64, stages: 60, nameParts: 2))

  static let mysql = SQLDialect(
    name: "mysql", version: "8.0.17", quotes: .backtick, escapes: .doubledBoth,
    types: [.float32: "DOUBLE", .float64: "DOUBLE", .integer: "SIGNED", .text: "CHAR"], columnTypes: mysqlColumns,
    bytes: Around("CAST(CONVERT(", " USING utf8mb4) AS BINARY)"), barrier: .limit,
    limits: SQLLimits(
      depth: 1500, caseDepth: 200, bytes: 64 << 20, columns: 4096, identifier: 64, stages: 60, nameParts: 2))

  /// `CASE` may be nested to ten levels (error 125).
  static let sqlserver = SQLDialect(
    name: "sqlserver", version: "16", quotes: .brackets,
    types: [.float32: "real", .float64: "float(53)", .integer: "bigint", .text: "nvarchar(4000)"],
    numbers: [.float32: Around("CAST(", " AS real)")],
    functions: [.ln: "LOG", .ceiling: "CEILING"], keepsFloat32: true, bytes: Around("", " COLLATE Latin1_General_BIN2"),
    tableAs: nil, limits: SQLLimits(depth: 900, caseDepth: 10, bytes: 64 << 20, columns: 1024, identifier: 128))

  static let oracle = SQLDialect(
    name: "oracle", version: "12.2",
    types: [
      .float32: "BINARY_FLOAT", .float64: "BINARY_DOUBLE", .integer: "NUMBER(19)", .text: "VARCHAR2(4000)",
    ],
    numbers: [.float32: Around("", "f"), .float64: Around("", "d")], keepsFloat32: true,
    nans: .equal(to: "BINARY_DOUBLE_NAN"),
    limits: SQLLimits(depth: 900, caseDepth: 120, bytes: 64 << 20, columns: 1000, identifier: 128, nameParts: 2))

  static let snowflake = SQLDialect(
    name: "snowflake", version: "8", escapes: .doubledBoth,
    types: [.float32: "FLOAT", .float64: "FLOAT", .integer: "NUMBER(19, 0)", .text: "VARCHAR"],
    numbers: [.float64: Around("", "::FLOAT"), .float32: Around("", "::FLOAT")],
    nans: .equal(to: "'NaN'::FLOAT"),
    limits: SQLLimits(depth: 900, caseDepth: 200, bytes: 1_000_000, columns: 1500, identifier: 255))

  static let bigquery = SQLDialect(
    name: "bigquery", version: "2", quotes: .backtick, escapes: .backslash,
    types: [.float32: "FLOAT64", .float64: "FLOAT64", .integer: "INT64", .text: "STRING"],
    nans: .tested(by: "IS_NAN"),
    limits: SQLLimits(depth: 900, caseDepth: 200, bytes: 1_000_000, columns: 10_000, identifier: 300))

  static let redshift = SQLDialect(
    name: "redshift", version: "1",
    types: [.float32: "real", .float64: "double precision", .integer: "bigint", .text: "varchar"],
    numbers: [.float32: Around("'", "'::real"), .float64: Around("'", "'::float8")], keepsFloat32: true,
    nans: .equal(to: "'NaN'::float8"),
    limits: SQLLimits(depth: 900, caseDepth: 200, bytes: 16_000_000, columns: 1600, identifier: 127))

  /// A query is compiled to methods of at most 64 KB, so sums are cut early. A column of version 4 may have a collation,
  /// which a cast takes away. Proven by `scripts/test-peers sql` in pyspark 4.
  static let spark = SQLDialect(
    name: "spark", version: "3.3", isProven: true, quotes: .backtick, escapes: .backslash,
    types: [.float32: "FLOAT", .float64: "DOUBLE", .integer: "BIGINT", .text: "STRING"],
    numbers: [.float32: Around("CAST(", "D AS FLOAT)"), .float64: Around("", "D")], keepsFloat32: true,
    floorsToIntegers: true, bytes: Around("CAST(", " AS STRING)"), nans: .equal(to: "CAST('NaN' AS DOUBLE)"),
    limits: SQLLimits(depth: 900, caseDepth: 200, bytes: 64 << 20, columns: 4096, identifier: 255))

  /// A longer text than max_query_size is read where a session has raised that, and max_ast_elements with it. Proven by `scripts/test-peers sql` in chdb.
  static let clickhouse = SQLDialect(
    name: "clickhouse", version: "23.3", isProven: true, quotes: .backtick, escapes: .backslash,
    types: [
      .float32: "Nullable(Float32)", .float64: "Nullable(Float64)", .integer: "Nullable(Int64)",
      .text: "Nullable(String)",
    ],
    functions: [.ln: "log"], keepsFloat32: true, widensSums: true, findsByBits: true,
    bytes: Around("CAST(", " AS Nullable(String))"), nans: .tested(by: "isNaN"),
    tableAs: " ENGINE = MergeTree ORDER BY tuple()",
    limits: SQLLimits(
      depth: 900, caseDepth: 200, bytes: 64 << 20, usualBytes: 262_144, columns: 4096, identifier: 255, nameParts: 2))

  static let trino = SQLDialect(
    name: "trino", version: "400",
    types: [.float32: "REAL", .float64: "DOUBLE", .integer: "BIGINT", .text: "VARCHAR"],
    numbers: [.float32: Around("REAL '", "'"), .float64: Around("DOUBLE '", "'")], keepsFloat32: true,
    nans: .tested(by: "is_nan"),
    limits: SQLLimits(depth: 900, caseDepth: 200, bytes: 1_000_000, columns: 4096, identifier: 255))
}
