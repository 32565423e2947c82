import OpzIO
public import SystemPackage

extension DatabaseURL {
  /// Connects. What it takes is loaded now.
  /// - Parameters:
  ///   - directory: where a relative path begins.
  ///   - duckdb: DuckDB's program; nil if it is not installed.
  ///   - environment: `NAME=value`, for DuckDB's program.
  /// - Throws: `DatabaseError`.
  public func connect(
    from directory: FilePath, duckdb: FilePath?, environment: [String]
  ) throws -> any DatabaseConnection {
    let path = directory.pushing(FilePath(target))
    switch engine {
    case .postgresql: return try PostgreSQLConnection(self)
    case .sqlite: return try SQLiteConnection(self, path: path)
    case .duckdb:
      guard let duckdb else {
        throw DatabaseError(
          .notFound, "duckdb", reason: "the program is not installed",
          hint: "python3 -m pip install duckdb-cli; or set OPZ_DUCKDB to its path")
      }
      return try DuckDBConnection(self, path: path, program: duckdb, environment: environment)
    }
  }
}
