internal import CODBC
import OpzIO
import SystemPackage

/// A database by its ODBC driver, which unixODBC loads.
final class ODBCConnection: DatabaseConnection {
  let url: DatabaseURL
  let handle: ODBCHandle
  private let isReading: Bool
  /// The rows of `beginWriting`.
  var writing: (parameters: ODBCParameters, types: [CellType])?

  private(set) var dialectName: String?
  private(set) var version = ""
  var scratchSchema: [String] {
    switch dialectName {
    case "postgresql": ["pg_temp"]
    case "sqlite": ["temp"]
    default: []
    }
  }
  var hasNaN: Bool { !isMySQL && dialectName != "sqlite" && dialectName != "sqlserver" }
  var hasInfinities: Bool { !isMySQL && dialectName != "sqlserver" }
  private var isMySQL: Bool { dialectName == "mariadb" || dialectName == "mysql" }

  /// - Parameter environment: `NAME=value`, with MYSQL_PWD or HOME.
  init(_ url: DatabaseURL, environment: [String], _ access: DatabaseURL.Access) throws {
    if let problem = opz_odbc_load() {
      throw DatabaseError(
        .notFound, "\(url)", reason: String(cString: problem),
        hint: "install unixODBC: apt-get install libodbc2, or dnf install unixODBC")
    }
    var url = url
    let settings = try ODBCConnection.settings(&url, environment: environment)
    guard let own = ODBCHandle(OPZ_SQL_HANDLE_ENV, of: nil),
      SQLSetEnvAttr(own.raw, SQLINTEGER(OPZ_SQL_ATTR_ODBC_VERSION), UnsafeMutableRawPointer(bitPattern: 3), 0) >= 0,
      let handle = ODBCHandle(OPZ_SQL_HANDLE_DBC, of: own)
    else { throw DatabaseError(.notConnected, "\(url)", reason: "unixODBC has no memory") }
    _ = SQLSetConnectAttrW(
      handle.raw, SQLINTEGER(OPZ_SQL_ATTR_LOGIN_TIMEOUT), UnsafeMutableRawPointer(bitPattern: 30), 0)
    let text = Array(settings.text.utf16)
    let result = SQLDriverConnectW(handle.raw, nil, text + [0], SQLSMALLINT(clamping: text.count), nil, 0, nil, 0)
    guard result >= 0 else {
      throw ODBCConnection.notConnected(url, handle.diagnosis())
    }
    self.handle = handle
    self.url = url
    isReading = access == .read
    let name = ODBCConnection.information(handle, OPZ_SQL_DBMS_NAME)
    let number = ODBCConnection.information(handle, OPZ_SQL_DBMS_VER)
    guard var dialect = ODBCDriver.dialect(name, version: number) else {
      throw DatabaseError(
        .notConnected, "\(url)",
        reason: "its driver calls the database \(PrintableText.line(name, limit: 80)), "
          + "and opz has no SQL for that")
    }
    // The driver's own has other digits: 10.11.000019.
    if dialect == "mariadb" || dialect == "mysql" {
      version = try firstColumn(of: "SELECT VERSION()").first ?? number
      dialect = ODBCDriver.dialect(dialect, version: version) ?? dialect
    } else {
      version = number
    }
    dialectName = dialect
    for statement in ODBCDriver.session(dialect, isReading: isReading) { try run(statement) }
  }

  /// What the driver is told. A password that is found is added to what is hidden.
  private static func settings(_ url: inout DatabaseURL, environment: [String]) throws -> ODBCSettings {
    var settings = url.settings ?? ODBCSettings()
    guard url.engine != .odbc else { return settings }
    func value(_ name: String) -> String? {
      environment.first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.utf8.count + 1)) }
    }
    if settings["Driver"] == nil {
      guard let driver = ODBCDriver.mariaDB() else {
        throw DatabaseError(
          .notFound, "\(url)", reason: "MariaDB's ODBC driver (libmaodbc.so) is in none of the places where it belongs",
          hint: "apt-get install odbc-mariadb, or dnf install mariadb-connector-odbc; or add ?driver=PATH to the URL")
      }
      settings.add("Driver", driver.string)
    }
    let file = OptionFile(home: value("HOME"))
    if let user = file.user { settings.add("UID", user) }
    if let password = value("MYSQL_PWD") ?? file.password, settings["PWD"] == nil {
      settings.add("PWD", password)
      url = url.hiding(password)
    }
    // Rows that are found count as changed (2); a result is not kept whole by drivers that know how (from 3.1.17 on); no
    // server reads files of this machine.
    for (keyword, value) in [("OPTION", "2"), ("STREAMRS", "1"), ("NOLOCALINFILE", "1"), ("CHARSET", "utf8mb4")] {
      settings.add(keyword, value)
    }
    return settings
  }

  private static func notConnected(_ url: DatabaseURL, _ diagnosis: ODBCHandle.Diagnosis) -> DatabaseError {
    // The driver manager did not find the driver, or could not load it.
    let isMissing = ["IM002", "IM003", "01000"].contains(diagnosis.state)
    let hint: String =
      switch url.engine {
      case .odbc where isMissing: "Driver= names the path of the driver's library"
      case .odbc: "a password stands in OPZ_DATABASE, as PWD={..}"
      case _ where isMissing: "add ?driver=PATH to the URL"
      // The client's own numbers: no server answers.
      case _ where (2000...2999).contains(diagnosis.native):
        "is the server running there? A Unix socket is named by ?socket=PATH"
      default:
        "passwords come from MYSQL_PWD, from ~/.my.cnf (password=.. below [client]), or from OPZ_DATABASE"
      }
    return DatabaseError(
      isMissing ? .notFound : .notConnected, "\(url)",
      reason: url.without(secrets: diagnosis.text.isEmpty ? "the driver does not say why" : diagnosis.text), hint: hint)
  }

  private static func information(_ handle: ODBCHandle, _ what: Int) -> String {
    var text = [SQLWCHAR](repeating: 0, count: 256)
    var length: SQLSMALLINT = 0
    let result = SQLGetInfoW(handle.raw, SQLUSMALLINT(what), &text, SQLSMALLINT(text.count * 2), &length)
    return result >= 0 ? String(decoding: text.prefix { $0 != 0 }, as: UTF16.self) : ""
  }

  // MARK: Statements

  func run(_ statement: String) throws { try ODBCStatement(self).run(statement) }

  func makeScratch(_ statement: String) throws {
    guard ["mariadb", "mysql", "postgresql", "sqlite"].contains(dialectName) else {
      throw DatabaseError(
        .refused, "\(url)", reason: "opz does not know the temporary tables of \(dialectName ?? "this database") yet",
        hint: "opz sql write --dialect \(dialectName ?? "D") writes the statement, to be run there")
    }
    guard isMySQL, isReading else { return try run(statement) }
    // Temporary tables are written in transactions that read alone, and not made.
    try run("SET SESSION TRANSACTION READ WRITE")
    let result = Result { try run(statement) }
    try run("SET SESSION TRANSACTION READ ONLY")
    try result.get()
  }

  func insert(_ rows: [[DatabaseCell]], into table: String) throws {
    guard let width = rows.first?.count, width > 0 else { return }
    let forms = (0..<width).map { column -> ODBCParameters.Form in
      let isText = rows.contains { if case .text = $0[column] { true } else { false } }
      return isText ? .text : .float64
    }
    let marks = repeatElement("?", count: width).joined(separator: ", ")
    let parameters = try ODBCParameters(self, "INSERT INTO \(table) VALUES (\(marks))", as: forms)
    for row in rows {
      for (column, cell) in row.enumerated() {
        switch cell {
        case .missing: parameters.addNull(column)
        case .number(let number) where forms[column] == .text: parameters.add(DatabaseCell.digits(number), column)
        case .number(let number): parameters.add(number, column)
        case .text(let text): parameters.add(text, column)
        }
      }
      try parameters.endRow()
    }
    try parameters.send()
  }

  func forEachRow(of query: String, _ body: ([String?]) throws -> Void) throws {
    let statement = try ODBCStatement(self)
    try statement.run(query)
    let columns = try statement.columns()
    guard !columns.isEmpty else { return }
    let rows = try ODBCRows(statement, columns, as: columns.map { $0.isFloat ? .float64 : .text })
    while case let count = try rows.next(), count > 0 {
      for row in 0..<count {
        try body(
          columns.indices.map { column in
            if rows.isNull(row, column) { return nil }
            guard columns[column].isFloat else { return try rows.text(row, column) }
            let number = rows.float64(row, column)
            // The digits that tell a float32 number from others of its type.
            return columns[column].type == OPZ_SQL_REAL ? "\(Float(number))" : "\(number)"
          })
      }
    }
  }

  // MARK: Errors

  /// What went wrong with a handle.
  func failure(_ handle: ODBCHandle) -> DatabaseError {
    let diagnosis = handle.diagnosis()
    let text = diagnosis.text.isEmpty ? "the driver does not say why" : diagnosis.text
    return DatabaseError(
      ODBCConnection.code(diagnosis), "\(url)", reason: "\(dialectName ?? "ODBC"): \(url.without(secrets: text))")
  }

  /// What ODBC's code of an error (SQLSTATE) means, and MariaDB's number where the code does not say it.
  private static func code(_ diagnosis: ODBCHandle.Diagnosis) -> DatabaseErrorCode {
    switch (diagnosis.state, diagnosis.native) {
    // A lock was not granted in time, or two transactions waited for one another.
    case (_, 1205), (_, 1213), ("40001", _), ("55P03", _), ("40P01", _): .busy
    // The server is gone, ends, or ended the connection.
    case (_, 2006), (_, 2013), (_, 1053), (_, 1927), (_, 4031), ("57P01", _): .lost
    case (let state, _) where state.hasPrefix("08"): .lost
    // The user may not do it; 1792 is a transaction that only reads.
    case (_, 1044), (_, 1045), (_, 1142), (_, 1143), (_, 1227), (_, 1370), (_, 1792), ("42501", _): .forbidden
    default: .refused
    }
  }
}
