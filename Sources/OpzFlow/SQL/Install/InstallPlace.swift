import OpzDatabase
import OpzIO
import OpzSQL

/// A database that opz writes to: its connection, its SQL and what it knows of its tables.
struct DatabasePlace {
  let connection: any DatabaseConnection
  let dialect: SQLDialect
  let catalog: any RelationCatalog
  /// The database for people, and for a registry's events.
  let database: String
  let place: String

  init(_ url: DatabaseURL, in session: Session) throws {
    connection = try url.connect(
      from: session.directory, duckdb: nil, environment: session.environmentList, for: .write)
    dialect = try url.dialect(of: connection)
    catalog =
      switch (url.engine, dialect.name) {
      case (.postgresql, _): PostgreSQLCatalog(connection: connection, dialect: dialect)
      case (.sqlite, _): SQLiteCatalog(connection: connection, dialect: dialect)
      case (_, "mariadb"), (_, "mysql"): MariaDBCatalog(connection: connection, dialect: dialect)
      default:
        throw FlowError(
          .failed, "\(url)", reason: "opz writes into postgresql, mariadb and sqlite, and this is \(dialect.name)",
          hint: "opz sql write --dialect \(dialect.name) --as view writes a statement for it")
      }
    database = url.description
    place = url.place(from: session.directory)
  }
}

/// A database in which models are installed.
struct InstallPlace {
  let connection: any DatabaseConnection
  let dialect: SQLDialect
  let catalog: any InstallCatalog
  /// The database for people, and for a registry's events.
  let database: String
  let place: String

  init(_ url: DatabaseURL, in session: Session) throws {
    let opened = try DatabasePlace(url, in: session)
    guard let catalog = opened.catalog as? any InstallCatalog else {
      let name = opened.dialect.name
      throw FlowError(
        .failed, "\(url)", reason: "opz sql install does not know \(name) yet",
        hint: "opz sql write --dialect \(name) --as view --output FILE writes the view, to be run there")
    }
    (connection, dialect, database, place) = (opened.connection, opened.dialect, opened.database, opened.place)
    self.catalog = catalog
  }

  /// The statements for a name.
  func statements(_ name: String) throws -> InstallStatements {
    let names = try InstallNames(parsing: name, schema: catalog.currentSchema(), dialect)
    return try InstallStatements(dialect, names)
  }

  /// All entries of a schema, oldest first; none if nothing was ever installed.
  func entries(_ statements: InstallStatements) throws -> [InstallEntry] {
    guard try catalog.relation(statements.names.log) != nil else { return [] }
    var entries: [InstallEntry] = []
    try connection.forEachRow(of: statements.readingLog) { row in
      guard let entry = InstallEntry(row) else {
        throw FlowError(
          .verification, statements.names.log.text(dialect),
          reason: "row \(entries.count + 1) is none that opz wrote: \(row.map { $0 ?? "NULL" }.joined(separator: ", "))"
        )
      }
      entries.append(entry)
    }
    return entries
  }

  /// What a name means now.
  func state(_ statements: InstallStatements) throws -> InstallState {
    let entries = try entries(statements)
    let stable = statements.names.stable
    return InstallState(
      last: entries.last?.number ?? 0, log: InstallLog(entries.filter { $0.name == stable.last }),
      stable: try catalog.relation(stable))
  }
}

/// What a name means at a moment.
struct InstallState: Equatable {
  /// The number of the schema's last entry: it changes with each install.
  let last: Int
  let log: InstallLog
  let stable: InstalledRelation?
}

extension DatabaseURL {
  /// The dialect, whose oldest version the database has to have.
  func dialect(of connection: any DatabaseConnection) throws -> SQLDialect {
    let number = connection.version.prefix { $0 == "." || $0.isASCII && $0.isNumber }
    let name = connection.dialectName ?? engine.rawValue
    return try SQLDialect.named(number.isEmpty ? name : "\(name):\(number)")
  }
}

/// One transaction that changes what a name means: what was done before it ends is undone with it, whatever ends it.
struct InstallSteps {
  private let place: InstallPlace
  private let wait: Int
  private let before: @Sendable (String) throws -> Void
  /// What was run, without the statements that begin and end it.
  private(set) var done: [String] = []

  /// - Parameters:
  ///   - wait: the longest time to wait for others, in seconds.
  ///   - before: called with each statement before it is run; the tests end the program or the connection there.
  init(_ place: InstallPlace, wait: Int, before: @escaping @Sendable (String) throws -> Void) {
    self.place = place
    self.wait = wait
    self.before = before
  }

  mutating func run(_ statement: String) throws {
    try before(statement)
    try place.connection.run(statement)
    done.append(statement)
  }

  /// Runs `body` in a transaction in which nobody else installs in the schema.
  /// - Parameter isDry: whether all is undone at the end.
  mutating func transaction<Result>(
    _ names: InstallNames, isDry: Bool, _ body: (inout InstallSteps) throws -> Result
  ) throws -> Result {
    do {
      for statement in place.catalog.opening(names, wait: wait * 1000) { try run(statement) }
      done = []
      let result = try body(&self)
      let end = isDry ? "ROLLBACK" : "COMMIT"
      try before(end)
      do { try place.connection.run(end) } catch let error as DatabaseError where error.code == .lost && !isDry {
        throw FlowError(
          .network, error.subject, reason: "the connection ended while the change was committed: \(error.reason)",
          hint: "opz sql status says whether it was")
      }
      return result
    } catch {
      try? place.connection.run("ROLLBACK")
      throw InstallSteps.explained(error)
    }
  }

  /// Says what to do about an error of the database.
  static func explained(_ error: any Error) -> any Error {
    guard let error = error as? DatabaseError else { return error }
    let hint: String? =
      switch error.code {
      case .busy: "another install is running, or somebody reads the view: --wait SECONDS waits longer"
      case .forbidden:
        "the role needs CREATE in the schema, SELECT on the table, SELECT and INSERT on \(InstallNames.logName), "
          + "and has to be a member of the role that owns the name"
      case .lost: "nothing was changed; run the command again"
      case .badURL, .notFound, .notConnected, .refused, .damaged: error.hint
      }
    return DatabaseError(error.code, error.subject, reason: error.reason, hint: hint)
  }
}
