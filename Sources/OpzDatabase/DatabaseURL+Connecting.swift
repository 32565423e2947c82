import OpzIO
public import SystemPackage

extension DatabaseURL {
  /// What a connection is for.
  public enum Access: Sendable {
    /// The user's tables are read; tables are made in `DatabaseConnection.scratchSchema` alone.
    case read
    /// Views and tables of the user's database are made and changed. DuckDB's program has no such connection.
    case write
  }

  /// The database for a registry's events: a file with its whole path.
  public func place(from directory: FilePath) -> String {
    guard engine == .sqlite || engine == .duckdb else { return description }
    let path = directory.pushing(FilePath(target)).lexicallyNormalized()
    return "\(engine.rawValue):\(PrintableText.line(path.string, limit: 1000))"
  }

  /// Connects. What it takes is loaded now.
  /// - Parameters:
  ///   - directory: where a relative path begins.
  ///   - duckdb: DuckDB's program; nil if it is not installed.
  ///   - environment: `NAME=value`, for DuckDB's program and for what MariaDB's reads.
  ///   - access: what the connection is for.
  /// - Throws: `DatabaseError`.
  public func connect(
    from directory: FilePath, duckdb: FilePath?, environment: [String], for access: Access = .read
  ) throws -> any DatabaseConnection {
    let path = directory.pushing(FilePath(target))
    switch engine {
    case .postgresql: return try PostgreSQLConnection(self)
    case .sqlite: return try SQLiteConnection(self, path: path, access)
    case .mariadb, .mysql, .odbc: return try ODBCConnection(self, environment: environment, access)
    case .duckdb:
      guard access == .read else {
        throw DatabaseError(
          .notFound, description, reason: "opz only reads DuckDB's files",
          hint: "opz sql write --dialect duckdb --as view writes a statement that duckdb runs")
      }
      guard let duckdb else {
        throw DatabaseError(
          .notFound, "duckdb", reason: "the program is not installed",
          hint: "python3 -m pip install duckdb-cli; or set OPZ_DUCKDB to its path")
      }
      return try DuckDBConnection(self, path: path, program: duckdb, environment: environment)
    }
  }
}
