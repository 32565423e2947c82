import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzDatabase

/// SQLite runs here; `scripts/test-peers sql` names the others in OPZ_SQL_URLS, separated by spaces.
@Suite("Connections to databases")
struct ConnectionTests {
  static let urls = ["sqlite"] + (ProcessEnvironment.value("OPZ_SQL_URLS") ?? "").split(separator: " ").map(String.init)

  /// The connection; SQLite's file is made in a directory.
  private func connect(_ url: String, in directory: TemporaryDirectory) throws -> any DatabaseConnection {
    var text = url
    if url == "sqlite" {
      try directory.write("a.db", "")
      text = "sqlite:a.db"
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
    let table = connection.scratchSchema.map { "\"\($0)\"" }.joined(separator: ".") + ".opz_test"
    try connection.run("CREATE TABLE \(table) (n BIGINT, a DOUBLE PRECISION, b TEXT)")
    var rows: [[DatabaseCell]] = []
    for number in Self.numbers { rows.append([.number(Double(rows.count)), .number(number), .missing]) }
    for text in Self.texts { rows.append([.number(Double(rows.count)), .missing, .text(text)]) }
    try connection.insert(Array(rows[..<3]), into: table)
    try connection.insert(Array(rows[3...]), into: table)
    try connection.insert([], into: table)
    var found: [[String?]] = []
    try connection.forEachRow(of: "SELECT n, a, b FROM \(table) ORDER BY n;") { found.append($0) }
    #expect(found.count == rows.count)
    for (row, number) in zip(found, Self.numbers) {
      // SQLite keeps -0.0 as 0.
      #expect(row[1].flatMap { Double($0) } == number && row[2] == nil, "\(row)")
    }
    for (row, text) in zip(found.dropFirst(Self.numbers.count), Self.texts) {
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
