import OpzDatabase
import OpzIO
import OpzModel
import OpzRegistry
import OpzTestKit
import SystemPackage

@testable import OpzFlow
@testable import OpzSQL

/// A database with a table `customers` (id, age), a registry with versions, and a model for each.
struct InstallFixture: Sendable {
  /// SQLite always; PostgreSQL where it is installed.
  static let engines = ["sqlite"] + (PostgreSQLServer.isInstalled ? ["postgresql"] : [])
  /// Databases whose tables opz reads and writes, and those in which it installs nothing yet.
  static let allEngines = engines + (MariaDBServer.isInstalled ? ["mariadb"] : [])

  let engine: String
  let project: Project
  let url: DatabaseURL
  /// PostgreSQL's or MariaDB's.
  let database: String

  init(_ engine: String, rows: Int = 200) async throws {
    self.engine = engine
    project = try Project()
    if engine == "sqlite" {
      try project.directory.write("crm.db", "")
      database = ""
      url = try DatabaseURL(parsing: "sqlite:crm.db", from: .commandLine)
    } else if engine == "mariadb" {
      let server = try MariaDBServer.shared()
      database = try server.makeDatabase()
      url = try DatabaseURL(parsing: server.url(database), from: .commandLine)
    } else {
      let server = try PostgreSQLServer.shared()
      database = try server.makeDatabase()
      url = try DatabaseURL(parsing: server.url(database), from: .commandLine)
    }
    let connection = try connect()
    try connection.run("CREATE TABLE customers (id INTEGER PRIMARY KEY, age DOUBLE PRECISION)")
    let cells = (0..<rows).map { row -> [DatabaseCell] in
      [.number(Double(row)), row % 10 == 9 ? .missing : .number(Double(row % 80) + 0.5)]
    }
    try connection.run("BEGIN")
    try connection.insert(cells, into: "customers")
    try connection.run("COMMIT")
  }

  func connect(as role: String? = nil) throws -> any DatabaseConnection {
    try url(as: role).connect(from: project.session.directory, duckdb: nil, environment: [], for: .write)
  }

  func url(as role: String?) throws -> DatabaseURL {
    guard let role else { return url }
    if engine == "mariadb" {
      return try DatabaseURL(parsing: MariaDBServer.shared().url(database, as: role), from: .commandLine)
    }
    return try DatabaseURL(parsing: PostgreSQLServer.shared().url(database, as: role), from: .commandLine)
  }

  /// A name as the database quotes it.
  func quoted(_ name: String) throws -> String { try SQLDialect.named(engine).quoted(name) }

  /// The URL for a command line.
  func shownURL() throws -> String {
    switch engine {
    case "sqlite": "sqlite:crm.db"
    case "mariadb": try MariaDBServer.shared().url(database)
    default: try PostgreSQLServer.shared().url(database)
    }
  }

  /// Ends all other connections of opz to the database.
  func endConnections() throws {
    guard engine == "mariadb" else {
      return try run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
          + "AND application_name = 'opz' AND pid <> pg_backend_pid()")
    }
    let connection = try connect()
    let others = try connection.firstColumn(
      of: "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()")
    for other in others { try? connection.run("KILL CONNECTION \(other)") }
  }

  func query(_ text: String, as role: String? = nil) throws -> [[String?]] {
    try connect(as: role).rows(of: text)
  }

  func run(_ statements: String..., as role: String? = nil) throws {
    let connection = try connect(as: role)
    for statement in statements { try connection.run(statement) }
  }

  /// A version of the registry whose content is a text.
  func version(_ number: String) async throws -> Registry.Version {
    try project.directory.write("p/opz.yaml", "opz: 1\nname: churn\nmodel: {path: m}\nruntime: {kind: model}\n")
    try project.directory.write("p/m", "model \(number)")
    return try await project.package { $0.version = number }.version
  }

  static let customers = SourceRelation.table(TableName(parts: ["customers"]))

  static func request(_ version: Registry.Version?, name: String = "churn_score") -> InstallSQL.Request {
    let title = version.map { "\($0.record.reference), image \($0.record.image.digest)" } ?? "model.json"
    var request = InstallSQL.Request(name: name, source: customers, title: title)
    request.version = version
    return request
  }

  @discardableResult
  func install(
    _ model: Model, _ version: Registry.Version?, name: String = "churn_score",
    change: (inout InstallSQL.Request) -> Void = { _ in }
  ) async throws -> InstallReport {
    var request = InstallFixture.request(version, name: name)
    change(&request)
    return try await InstallSQL(model, request, in: project.session).run(url)
  }

  var installed: InstalledSQL { InstalledSQL(in: project.session) }

  /// What the name gives for each row, by the key.
  func scores(_ column: String = "margin", of name: String = "churn_score") throws -> [Double?] {
    try query("SELECT id, \(column) FROM \(name) ORDER BY id").map { row in row[1].flatMap { Double($0) } }
  }

  /// A model of one tree with one split.
  static func stump(_ threshold: Float, _ value: Float = 0.25) throws -> Model {
    try VerifySQLTests.stump(threshold: threshold, value: value)
  }

  /// What a stump gives for the rows.
  static func expected(_ threshold: Double, _ value: Double = 0.25, rows: Int = 200) -> [Double?] {
    (0..<rows).map { row in row % 10 == 9 || Double(row % 80) + 0.5 < threshold ? value : -1 }
  }
}
