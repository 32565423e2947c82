import OpzIO
import SystemPackage

/// Where drivers are, and what the databases behind them are called.
enum ODBCDriver {
  /// MariaDB's driver where Debian, Red Hat, SUSE and its own packages have it.
  static let mariaDBPlaces: [FilePath] = [
    "/usr/lib/x86_64-linux-gnu/odbc/libmaodbc.so", "/usr/lib/aarch64-linux-gnu/odbc/libmaodbc.so",
    "/usr/lib64/libmaodbc.so", "/usr/lib64/odbc/libmaodbc.so", "/usr/lib/odbc/libmaodbc.so", "/usr/lib/libmaodbc.so",
    "/usr/lib64/mariadb/libmaodbc.so", "/usr/lib/x86_64-linux-gnu/libmaodbc.so",
    "/usr/lib/aarch64-linux-gnu/libmaodbc.so", "/usr/local/lib/libmaodbc.so", "/usr/local/lib64/libmaodbc.so",
  ]

  /// The first place that has the driver.
  static func mariaDB() -> FilePath? { mariaDBPlaces.first { (try? FileStatus.find($0)) ?? nil != nil } }

  /// The dialect of a database: the name that its driver gives it, in lower case, begins with one of these.
  private static let products = [
    ("mariadb", "mariadb"), ("mysql", "mysql"), ("postgresql", "postgresql"), ("microsoft sql server", "sqlserver"),
    ("oracle", "oracle"), ("snowflake", "snowflake"), ("google bigquery", "bigquery"), ("bigquery", "bigquery"),
    ("redshift", "redshift"), ("amazon redshift", "redshift"), ("spark", "spark"), ("databricks", "spark"),
    ("clickhouse", "clickhouse"), ("trino", "trino"), ("sqlite", "sqlite"), ("duckdb", "duckdb"),
  ]

  /// - Parameters:
  ///   - name: of the driver: `MariaDB`, `Microsoft SQL Server`.
  ///   - version: MariaDB's says what it is, by whichever driver it is reached.
  static func dialect(_ name: String, version: String) -> String? {
    if version.lowercased().contains("mariadb") { return "mariadb" }
    return products.first { name.lowercased().hasPrefix($0.0) }?.1
  }

  /// Statements that make a session mean the same whatever its server's settings are.
  /// - Parameter isReading: whether only temporary tables are written.
  static func session(_ dialect: String, isReading: Bool) -> [String] {
    switch dialect {
    case "mariadb", "mysql":
      [
        // No ANSI_QUOTES, NO_BACKSLASH_ESCAPES, PIPES_AS_CONCAT, PAD_CHAR_TO_FULL_LENGTH, ..
        "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
        "SET SESSION sql_auto_is_null = 0", "SET SESSION sql_select_limit = 18446744073709551615",
        "SET SESSION sql_big_selects = 1", "SET SESSION sql_safe_updates = 0", "SET SESSION time_zone = '+00:00'",
      ]
        + (isReading
          ? ["SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SET SESSION TRANSACTION READ ONLY"] : [])
    case "postgresql": ["SET extra_float_digits = 1", "SET standard_conforming_strings = on"]
    default: []
    }
  }
}
