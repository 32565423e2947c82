internal import CODBC
internal import CPostgres

/// A library that a database is reached by, and that is loaded when it is first needed.
public struct DatabaseLibrary: Sendable {
  public let name: String
  /// What opz reaches by it.
  public let use: String
  /// Where it is, if that is known.
  public private(set) var path: String?
  /// Why it is not there; nil if it is.
  public let problem: String?
  /// How to get it.
  public let hint: String

  /// Looks for all of them, and loads those that are there. SQLite is among the libraries of opz itself.
  public static func all() -> [DatabaseLibrary] {
    let driver = ODBCDriver.mariaDB()?.string
    var mariaDB = DatabaseLibrary(
      name: "MariaDB's driver", use: "MariaDB and MySQL",
      problem: driver == nil ? "libmaodbc.so is not installed" : nil,
      hint: "apt-get install odbc-mariadb, or dnf install mariadb-connector-odbc")
    mariaDB.path = driver
    return [
      DatabaseLibrary(
        name: "libpq", use: "PostgreSQL", problem: opz_postgres_load().map { String(cString: $0) },
        hint: "apt-get install libpq5, or dnf install libpq"),
      DatabaseLibrary(
        name: "unixODBC", use: "MariaDB, MySQL and other databases with a driver",
        problem: opz_odbc_load().map { String(cString: $0) }, hint: "apt-get install libodbc2, or dnf install unixODBC"),
      mariaDB,
    ]
  }
}
