import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzDatabase

/// SQLite runs here, and MariaDB where it is installed; `scripts/test-peers sql` names the others in OPZ_SQL_URLS, separated by spaces.
@Suite("Connections to databases")
struct ConnectionTests {
  static let urls =
    ["sqlite"] + (MariaDBServer.isInstalled ? ["mariadb"] : [])
    + (ProcessEnvironment.value("OPZ_SQL_URLS") ?? "").split(separator: " ").map(String.init)

  /// The connection; SQLite's file is made in a directory.
  private func connect(_ url: String, in directory: TemporaryDirectory) throws -> any DatabaseConnection {
    var text = url
    if url == "sqlite" {
      try directory.write("a.db", "")
      text = "sqlite:a.db"
    }
    if url == "mariadb" {
      let server = try MariaDBServer.shared()
      text = try server.url(server.makeDatabase())
    }
    return try DatabaseURL(parsing: text, from: .environment).connect(
      from: directory.path, duckdb: ProcessEnvironment.value("OPZ_DUCKDB").map { FilePath($0) }, environment: [])
  }

  private static let numbers: [Double] = [
    0, -0.0, 1, 0.1, -1e22, 5e-324, 1.7976931348623157e308, 0x1.0000000000001p0, .infinity, -.infinity,
  ]
  private static let texts = ["", "a\"b'c", "\\N", "NULL", "a,b\nc\r\n\td", "日本 🙂", "\\", "null", "\u{1}"]

  @Test("numbers and texts come back as they were sent", arguments: urls)
  func roundTrip(url: String) throws {
    let directory = try TemporaryDirectory()
    let connection = try connect(url, in: directory)
    let schema = connection.scratchSchema
    let table = (schema.map { "\"\($0)\"" } + ["opz_test"]).joined(separator: ".")
    let text = connection.dialectName == "mariadb" ? "LONGTEXT CHARACTER SET utf8mb4" : "TEXT"
    try connection.makeScratch(
      "CREATE \(schema.isEmpty ? "TEMPORARY " : "")TABLE \(table) (n BIGINT, a DOUBLE PRECISION, b \(text))")
    let numbers = Self.numbers.filter { connection.hasInfinities || $0.isFinite }
    var rows: [[DatabaseCell]] = []
    for number in numbers { rows.append([.number(Double(rows.count)), .number(number), .missing]) }
    for text in Self.texts { rows.append([.number(Double(rows.count)), .missing, .text(text)]) }
    try connection.insert(Array(rows[..<3]), into: table)
    try connection.insert(Array(rows[3...]), into: table)
    try connection.insert([], into: table)
    var found: [[String?]] = []
    try connection.forEachRow(of: "SELECT n, a, b FROM \(table) ORDER BY n;") { found.append($0) }
    #expect(found.count == rows.count)
    for (row, number) in zip(found, numbers) {
      // SQLite keeps -0.0 as 0.
      #expect(row[1].flatMap { Double($0) } == number && row[2] == nil, "\(row)")
    }
    for (row, text) in zip(found.dropFirst(numbers.count), Self.texts) {
      #expect(row[1] == nil && row[2] == text, "\(row)")
    }
    #expect(connection.version.first?.isNumber == true)
  }

  @Test("a statement that is refused says why, and the connection goes on", arguments: urls)
  func refused(url: String) throws {
    let directory = try TemporaryDirectory()
    let connection = try connect(url, in: directory)
    for statement in ["SELECT nothing FROM nowhere", "CREATE TABLE", "SELECT 1 FROM"] {
      let error = #expect(throws: DatabaseError.self) { try connection.forEachRow(of: statement) { _ in } }
      #expect(error?.code == .refused && error?.reason.isEmpty == false)
    }
    struct Stop: Error {}
    #expect(throws: Stop.self) { try connection.forEachRow(of: "SELECT 1") { _ in throw Stop() } }
    var found: [[String?]] = []
    try connection.forEachRow(of: "SELECT 1, NULL, ''") { found.append($0) }
    #expect(found == [["1", nil, ""]])
  }

  @Test("the user's database is not written to")
  func readOnly() throws {
    let directory = try TemporaryDirectory()
    let connection = try connect("sqlite", in: directory)
    #expect(throws: DatabaseError.self) { try connection.run("CREATE TABLE main.x (a INTEGER)") }
    #expect(try FileStatus.of(directory.path.appending("a.db")).size == 0)
  }

  @Test(
    "MariaDB's tables are not written to, and what its settings change means the same",
    .enabled(if: MariaDBServer.isInstalled))
  func mariaDB() throws {
    let server = try MariaDBServer.shared()
    let name = try server.makeDatabase()
    try server.run("CREATE TABLE kept (a INT)", in: name)
    let connection = try DatabaseURL(parsing: server.url(name), from: .commandLine).connect(
      from: "/", duckdb: nil, environment: [])
    for statement in ["INSERT INTO kept VALUES (1)", "CREATE TABLE made (a INT)", "DROP TABLE kept"] {
      let error = #expect(throws: DatabaseError.self) { try connection.run(statement) }
      #expect(error?.code == .forbidden, "\(statement)")
    }
    // The server's mode has quotes around names, backslashes without a meaning, and bars that join texts.
    let found = try connection.rows(of: "SELECT \"a\", 'b\\'c', 1 || 0, '日本🙂', -1e308, 0.1e0, CAST('x' AS CHAR(3))")
    #expect(found == [["a", "b'c", "1", "日本🙂", "-1e+308", "0.1", "x"]])
    #expect(throws: DatabaseError.self) { try connection.insert([[.number(.infinity)]], into: "kept") }
  }

  @Test("long texts and many columns come back whole", .enabled(if: MariaDBServer.isInstalled))
  func long() throws {
    let server = try MariaDBServer.shared()
    let connection = try DatabaseURL(parsing: server.url(server.makeDatabase()), from: .commandLine).connect(
      from: "/", duckdb: nil, environment: [])
    try connection.makeScratch("CREATE TEMPORARY TABLE texts (n INT, a LONGTEXT CHARACTER SET utf8mb4, b DOUBLE)")
    let texts = [0, 1, 39, 40, 41, 81, 82, 83, 2000, 300_000].map { String(repeating: "é🙂", count: $0) }
    try connection.insert(
      texts.enumerated().map { [.number(Double($0)), .text($1), .number(0.1)] }, into: "texts")
    let found = try connection.rows(of: "SELECT a, b FROM texts ORDER BY n")
    #expect(found.map { $0[0] } == texts && found.allSatisfy { $0[1] == "0.1" })
    let columns = (0..<2000).map { "\($0)e0 AS c\($0)" }.joined(separator: ", ")
    let wide = try connection.rows(of: "SELECT \(columns)")
    #expect(wide == [(0..<2000).map { "\(Double($0))" }])
  }

  @Test("a password comes from MYSQL_PWD or ~/.my.cnf, and is in no error", .enabled(if: MariaDBServer.isInstalled))
  func passwords() throws {
    let server = try MariaDBServer.shared()
    let name = try server.makeDatabase()
    let secret = "a;b}c{d'=\"é"
    try server.run(
      "SET NAMES utf8mb4; CREATE USER 'u_\(name)'@'localhost' IDENTIFIED BY '\(secret.replacing("'", with: "''"))'; "
        + "GRANT ALL ON \(name).* TO 'u_\(name)'@'localhost'", in: nil)
    let url = try DatabaseURL(parsing: server.url(name, as: "u_\(name)"), from: .commandLine)
    let directory = try TemporaryDirectory()
    try directory.write(".my.cnf", "[client]\npassword = '\(secret)'\n")
    for environment in [["MYSQL_PWD=\(secret)"], ["HOME=\(directory.path)"]] {
      let connection = try url.connect(from: "/", duckdb: nil, environment: environment)
      #expect(try connection.firstColumn(of: "SELECT CURRENT_USER()") == ["u_\(name)@localhost"])
    }
    for environment in [["MYSQL_PWD=x\(secret)"], []] {
      let error = #expect(throws: DatabaseError.self) {
        try url.connect(from: "/", duckdb: nil, environment: environment)
      }
      #expect(error?.code == .notConnected && error?.description.contains(secret) == false)
    }
  }

  @Test("a file that is not there, or is no database, is said to be so", arguments: ["sqlite", "duckdb"])
  func missing(engine: String) throws {
    let directory = try TemporaryDirectory()
    let url = try DatabaseURL(parsing: "\(engine):nothing.db", from: .commandLine)
    let error = #expect(throws: DatabaseError.self) {
      _ = try url.connect(from: directory.path, duckdb: "/bin/false", environment: [])
    }
    #expect(error?.category == .notFound)
    try directory.write("text.db", String(repeating: "no database\n", count: 100))
    let text = try DatabaseURL(parsing: "sqlite:text.db", from: .commandLine)
    #expect(throws: DatabaseError.self) {
      try text.connect(from: directory.path, duckdb: nil, environment: []).run("SELECT * FROM sqlite_schema")
    }
  }
}
