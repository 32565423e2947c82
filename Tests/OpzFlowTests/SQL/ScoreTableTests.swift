import OpzDatabase
import OpzFormats
import OpzIO
import OpzModel
import OpzOCI
import OpzRegistry
import OpzTestKit
import Synchronization
import SystemPackage
import Testing

@testable import OpzFlow
@testable import OpzSQL

@Suite("opz score --into")
struct ScoreTableTests {
  @Test(
    "all rows once, then those that are new or changed; and what scored when", arguments: InstallFixture.allEngines,
    [false, true])
  func life(engine: String, inDatabase: Bool) async throws {
    let fixture = try await ScoreFixture(engine)
    let version = try await fixture.base.version("1.0.0")
    func score(_ change: (inout ScoreTable.Request) -> Void = { _ in }) async throws -> ScoreReport {
      try await fixture.score(40, version) {
        $0.isInDatabase = inDatabase
        change(&$0)
      }
    }
    let first = try await score()
    #expect(first.outcome == .scored && first.rows == 200 && first.total == 200 && first.model == "churn@1.0.0")
    #expect(inDatabase || first.batches >= 1)
    #expect(try fixture.margins() == InstallFixture.expected(40))
    #expect(try fixture.base.query("SELECT DISTINCT model, version FROM scores") == [["churn", "1.0.0"]])
    #expect(try await score().outcome == .unchanged)

    try fixture.base.run("INSERT INTO customers VALUES (-5, 1), (500, 99)")
    #expect(try await score().rows == 0)
    let more = try await score { $0.isIncremental = true }
    #expect(more.rows == 2 && more.total == 202)
    #expect(try fixture.margins() == [0.25] + InstallFixture.expected(40) + [-1])
    #expect(try await score { $0.isIncremental = true }.rows == 0)

    let lines = try InstallHistory(in: fixture.base.project.session).lines()
    #expect(lines.map(\.action) == ["scored", "scored"] && lines.allSatisfy { $0.name == "scores" })
    let details = try fixture.base.project.registry().log(version.name).entries().compactMap {
      $0.event.details["rows"]?.integer
    }
    #expect(details == [200, 202])
    #expect(try await fixture.base.project.registry().fsck().problems == [])
  }

  @Test("rows with a newer watermark are scored again, once", arguments: InstallFixture.allEngines, [false, true])
  func watermark(engine: String, inDatabase: Bool) async throws {
    let fixture = try await ScoreFixture(engine)
    try fixture.base.run("ALTER TABLE customers ADD COLUMN changed TIMESTAMP")
    try fixture.base.run("UPDATE customers SET changed = '2026-01-01 00:00:00'")
    func score() async throws -> ScoreReport {
      try await fixture.score {
        $0.isIncremental = true
        $0.watermark = "changed"
        $0.isInDatabase = inDatabase
      }
    }
    #expect(try await score().rows == 200)
    #expect(try fixture.margins() == InstallFixture.expected(40))
    #expect(try await score().rows == 0)
    try fixture.base.run("UPDATE customers SET age = 79, changed = '2026-01-02 00:00:00.000001' WHERE id IN (3, 4)")
    // Of the same moment as others, and older than the newest.
    try fixture.base.run("INSERT INTO customers VALUES (900, 1, '2026-01-01 00:00:00')")
    #expect(try await score().rows == 3)
    var expected = InstallFixture.expected(40)
    (expected[3], expected[4]) = (-1, -1)
    #expect(try fixture.margins() == expected + [0.25])
    #expect(try await score().rows == 0)
  }

  @Test("the scores are those of a table in a file, to the last bit", arguments: InstallFixture.allEngines)
  func equal(engine: String) async throws {
    let fixture = try await InstallFixture(engine, rows: 0)
    let directory = PackageRoot.path(#filePath).appending("examples/churn")
    let loaded = try ModelFormats.standard.load(directory.appending("model.json"))
    let table = try String(decoding: SmallFile.read(directory.appending("holdout.csv"), limit: 1 << 24), as: UTF8.self)
    let lines = table.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    let columns = try loaded.model.inputs.map { input -> String in
      let isNumber = if case .number = input.kind { true } else { false }
      return try "\(fixture.quoted(input.name)) \(isNumber ? "DOUBLE PRECISION" : "VARCHAR(30)")"
    }
    try fixture.run("CREATE TABLE people (n INTEGER, \(columns.joined(separator: ", ")))")
    let cells = lines.dropFirst().enumerated().map { row, cells in
      [DatabaseCell.number(Double(row))]
        + zip(cells, loaded.model.inputs).map { cell, input -> DatabaseCell in
          guard case .number = input.kind else { return cell.isEmpty ? .missing : .text(String(cell)) }
          return Double(cell).map { .number($0) } ?? .missing
        }
    }
    try fixture.connect().insert(cells, into: "people")
    for kind in [BatchScoring.Kind.probability, .margin, .leaf] {
      var request = ScoreTable.Request(
        query: "SELECT * FROM people", into: "\(kind)", keys: ["n"], title: "churn")
      request.kind = kind
      _ = try await ScoreTable(Scorer(loaded.model), request, in: fixture.project.session).run(fixture.url)
      var options = BatchScoring.Options()
      options.kind = kind
      var sink = Bytes()
      try BatchScoring(Scorer(loaded.model), options).run(BytesSource(Array(table.utf8)), to: &sink)
      let expected = String(decoding: sink.bytes, as: UTF8.self).split(separator: "\n").dropFirst().map { line in
        line.split(separator: ",").map { Float($0) }
      }
      let names = try ColumnScoring(Scorer(loaded.model), kind: kind).columns.map { try fixture.quoted($0.name) }
      let rows = try fixture.query("SELECT \(names.joined(separator: ", ")) FROM \(kind) ORDER BY n")
      #expect(rows.map { $0.map { $0.flatMap { Float($0) } } } == expected, "\(kind)")
    }
  }

  private struct Bytes: ByteSink {
    var bytes: [UInt8] = []
    mutating func write(_ more: UnsafeRawBufferPointer) throws { bytes.append(contentsOf: more) }
  }

  private final class BytesSource: ByteSource {
    private var rest: ArraySlice<UInt8>
    init(_ bytes: [UInt8]) { rest = bytes[...] }
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
      let count = min(rest.count, buffer.count)
      buffer.copyBytes(from: rest.prefix(count))
      rest = rest.dropFirst(count)
      return count
    }
  }

  @Test("another model, query or key is refused; a restart begins anew", arguments: InstallFixture.allEngines)
  func others(engine: String) async throws {
    let fixture = try await ScoreFixture(engine)
    try await fixture.score()
    let changes: [@Sendable (inout ScoreTable.Request) -> Void] = [
      { $0.identity = ["other"] }, { $0.query += " WHERE id > 5" },
      {
        $0.isIncremental = true; $0.identity = ["other"]
      },
    ]
    for change in changes {
      let error = await #expect(throws: FlowError.self) { try await fixture.score(change: change) }
      #expect(error?.category == .conflict)
    }
    #expect(try fixture.margins() == InstallFixture.expected(40))
    let report = try await fixture.score(50) { $0.restarts = true }
    #expect(report.rows == 200 && report.total == 200)
    #expect(try fixture.margins() == InstallFixture.expected(50))
  }

  @Test("a table that opz did not make is checked before", arguments: InstallFixture.allEngines)
  func existing(engine: String) async throws {
    let fixture = try await ScoreFixture(engine)
    for columns in [
      "id INTEGER PRIMARY KEY, age REAL", "id INTEGER, margin REAL", "margin REAL PRIMARY KEY, id INTEGER",
    ] {
      try fixture.base.run("CREATE TABLE scores (\(columns))")
      let error = await #expect(throws: FlowError.self) { try await fixture.score() }
      #expect(error?.category == .conflict, "\(columns)")
      try fixture.base.run("DROP TABLE scores")
    }
    try fixture.base.run("CREATE VIEW scores AS SELECT id, age AS margin FROM customers")
    await #expect(throws: FlowError.self) { try await fixture.score() }
    try fixture.base.run("DROP VIEW scores")
    try fixture.base.run(
      "CREATE TABLE scores (note TEXT, margin DOUBLE PRECISION, id INTEGER PRIMARY KEY)",
      "INSERT INTO scores (id, margin) VALUES (7, 70)")
    let error = await #expect(throws: FlowError.self) { try await fixture.score() }
    #expect(error?.reason.contains("no job of opz") == true)
    await #expect(throws: FlowError.self) { try await fixture.score { $0.restarts = true } }
    #expect(try await fixture.score { $0.isIncremental = true }.rows == 199)
    var expected = InstallFixture.expected(40)
    expected[7] = 70
    #expect(try fixture.margins() == expected)
    let restart = await #expect(throws: FlowError.self) { try await fixture.score { $0.restarts = true } }
    #expect(restart?.category == .conflict && restart?.reason.hasPrefix("it has 1 rows that no job") == true)
    #expect(try fixture.margins() == expected)
  }

  @Test("a restart removes no row that somebody added to the table", arguments: InstallFixture.allEngines)
  func added(engine: String) async throws {
    let fixture = try await ScoreFixture(engine)
    try await fixture.score()
    try fixture.base.run("INSERT INTO scores (id, margin) VALUES (100000, 1)")
    await #expect(throws: FlowError.self) { try await fixture.score { $0.restarts = true } }
    #expect(try fixture.keys().count == 201)
    try fixture.base.run("DELETE FROM scores WHERE id = 100000")
    try await fixture.score { $0.restarts = true }
    #expect(try fixture.margins() == InstallFixture.expected(40))
  }

  @Test("NULL and repeated keys are refused with the figure", arguments: InstallFixture.allEngines)
  func keys(engine: String) async throws {
    let fixture = try await ScoreFixture(engine)
    let nulls = "SELECT CASE WHEN id IN (3, 9) THEN NULL ELSE id END AS id, age FROM customers"
    let error = await #expect(throws: FlowError.self) { try await fixture.score(query: nulls) }
    #expect(error?.reason.hasPrefix("2 rows have NULL") == true)
    for batch in [1, 2, 64, 1000] {
      let twice = "SELECT id, age FROM customers UNION ALL SELECT id, age FROM customers WHERE id IN (5, 65, 199)"
      let error = await #expect(throws: FlowError.self) {
        try await fixture.score(query: twice) {
          $0.batch = batch
          $0.restarts = true
        }
      }
      #expect(error?.reason.hasPrefix("3 keys stand in more than one row: 5") == true, "\(batch): \(error as Any)")
      #expect(try fixture.keys().count <= 6)
    }
    await #expect(throws: FlowError.self) { try await fixture.score { $0.keys = ["nothing"] } }
    await #expect(throws: FlowError.self) { try await fixture.score(query: "SELECT id, id AS age, age FROM customers") }
  }

  @Test(
    "a row that cannot be scored is an error with its key, or stands without scores",
    arguments: InstallFixture.allEngines)
  func unscored(engine: String) async throws {
    let fixture = try await ScoreFixture(engine)
    let large = "SELECT id, CASE WHEN id = 70 THEN 1e300 ELSE age END AS age FROM customers"
    let error = await #expect(throws: FlowError.self) { try await fixture.score(query: large) }
    #expect(error?.subject == "the row with the key 70, age")
    let report = try await fixture.score(query: large) {
      $0.unscored = .null; $0.restarts = true
    }
    #expect(report.rows == 200 && report.unscored == 1)
    var expected = InstallFixture.expected(40)
    expected[70] = nil
    #expect(try fixture.margins() == expected)
  }

  @Test("queries are one statement, and only read", arguments: InstallFixture.allEngines)
  func queries(engine: String) async throws {
    let fixture = try await ScoreFixture(engine)
    let good = [
      "SELECT * FROM customers;", "SELECT * FROM customers ; -- all;\n;", "VALUES (1, 2.5)",
      "WITH x AS (SELECT * FROM customers) SELECT id, age FROM x /* ; */",
    ]
    for query in good {
      _ = try await fixture.score(query: query) {
        $0.restarts = true
        if query.hasPrefix("VALUES") {
          ($0.keys, $0.columns) = engine == "mariadb" ? (["1"], [0: "2.5"]) : (["column1"], [0: "column2"])
        }
        $0.into = query.hasPrefix("VALUES") ? "others" : "scores"
      }
    }
    #expect(try fixture.margins() == InstallFixture.expected(40))
    let bad = [
      "", ";", "-- nothing", "SELECT 1; SELECT 2", "SELECT id, age FROM customers) AS x; DROP TABLE customers; --",
      "DELETE FROM customers", "DELETE FROM customers RETURNING id, age", "DROP TABLE customers", "SELECT 'a",
      "SELECT id, age FROM nothing", "SELECT id, age FROM customers /*", "SELECT id, age FROM customers\0",
      "PRAGMA table_info(customers)", "SELECT id FROM customers",
    ]
    for query in bad {
      await #expect(throws: (any Error).self, "\(query)") {
        try await fixture.score(query: query) {
          $0.restarts = true
          $0.into = "refused"
        }
      }
    }
    #expect(try fixture.base.query("SELECT count(*) FROM customers") == [["200"]])
  }

  @Test("names have any characters", arguments: InstallFixture.allEngines)
  func hostile(engine: String) async throws {
    let fixture = try await ScoreFixture(engine)
    for (number, name) in ["a\"b", "a'b; --", "日本", "a b`c", "[x]", "$1", "\\", "select"].enumerated() {
      let dialect = try SQLDialect.named(engine)
      let type = engine == "mariadb" ? SQLDialect.text(50) : "TEXT"
      let table = dialect.quoted(name + "t")
      try fixture.base.run(
        "CREATE TABLE \(table) (\(dialect.quoted(name)) \(type) PRIMARY KEY, \(dialect.quoted(name + "2")) DOUBLE PRECISION)",
        "INSERT INTO \(table) VALUES (\(dialect.literal(name)), 1), ('', 99)")
      for mode in 0..<3 {
        let report = try await fixture.score(query: "SELECT * FROM \(table)") {
          $0.into = TableName(parts: ["\(name)s\(number)"]).source
          $0.keys = [name]
          $0.columns = [0: name + "2"]
          $0.isInDatabase = mode == 1
          $0.isIncremental = mode > 0
        }
        #expect(report.rows == (mode == 0 ? 2 : 0))
      }
      let rows = try fixture.base.query(
        "SELECT \(dialect.quoted(name)), margin FROM \(dialect.quoted("\(name)s\(number)")) ORDER BY margin")
      #expect(rows.map { $0[0] } == ["", name] && rows.map { $0[1].flatMap { Double($0) } } == [-1, 0.25])
    }
  }

  private final class Flag: Sendable {
    private let state = Mutex(false)
    var isSet: Bool { state.withLock { $0 } }
    func set() { state.withLock { $0 = true } }
  }

  @Test(
    "a new row is scored while it follows, whatever its key", arguments: InstallFixture.allEngines, ["", "changed"])
  func follow(engine: String, watermark: String) async throws {
    let fixture = try await ScoreFixture(engine)
    if !watermark.isEmpty {
      try fixture.base.run("ALTER TABLE customers ADD COLUMN changed INTEGER", "UPDATE customers SET changed = 1")
    }
    let stops = Flag()
    let mark: String? = watermark.isEmpty ? nil : watermark
    try await withThrowingTaskGroup(of: ScoreReport?.self) { group in
      group.addTask {
        try await fixture.score(stop: { stops.isSet }) {
          $0.pause = 20
          $0.watermark = mark
        }
      }
      func wait(_ count: Int) async throws {
        for _ in 0..<3000 {
          if ((try? fixture.keys().count) ?? 0) == count { return }
          try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("\(count) rows did not come")
      }
      try await wait(200)
      for row in 0..<3 {
        let rest = mark == nil ? "" : ", \(row + 2)"
        try fixture.base.run("INSERT INTO customers VALUES (\(1000 + row), 1\(rest))")
        try await wait(201 + row)
      }
      stops.set()
      let report = try await group.next()
      #expect(report??.outcome == .stopped && report??.rows == 203)
    }
    #expect(try fixture.margins() == InstallFixture.expected(40) + [0.25, 0.25, 0.25])
  }

  @Test("a table that MariaDB cannot undo is refused, and a view is not made", .enabled(if: MariaDBServer.isInstalled))
  func engines() async throws {
    let fixture = try await ScoreFixture("mariadb")
    try fixture.base.run("CREATE TABLE scores (id INTEGER PRIMARY KEY, margin DOUBLE) ENGINE=MyISAM")
    let error = await #expect(throws: FlowError.self) { try await fixture.score() }
    #expect(error?.reason.contains("InnoDB") == true && error?.category == .conflict)
    #expect(try fixture.keys().isEmpty)
    let install = await #expect(throws: FlowError.self) {
      try await fixture.base.install(try InstallFixture.stump(40), nil)
    }
    #expect(
      install?.reason.contains("does not know mariadb yet") == true && install?.hint?.contains("opz sql write") == true)
  }

  @Test("a key of several columns", arguments: InstallFixture.allEngines)
  func composite(engine: String) async throws {
    let fixture = try await ScoreFixture(engine)
    let division = engine == "mariadb" ? "DIV" : "/"
    let query = "SELECT id \(division) 10 AS tens, id % 10 AS ones, age FROM customers"
    let report = try await fixture.score(query: query) { ($0.keys, $0.batch) = (["tens", "ones"], 7) }
    #expect(report.rows == 200)
    let rows = try fixture.base.query("SELECT margin FROM scores ORDER BY tens, ones")
    #expect(rows.map { $0[0].flatMap { Double($0) } } == InstallFixture.expected(40))
  }

  @Test("a role without rights gets a clear error", .enabled(if: PostgreSQLServer.isInstalled))
  func rights() async throws {
    let fixture = try await ScoreFixture("postgresql")
    let role = "role_\(fixture.base.database)"
    try fixture.base.run("CREATE ROLE \(role) LOGIN")
    let error = await #expect(throws: DatabaseError.self) { try await fixture.score(as: role) }
    #expect(error?.category == .network && error?.hint?.contains("SELECT") == true)
    try fixture.base.run("GRANT SELECT ON customers TO \(role)")
    await #expect(throws: DatabaseError.self) { try await fixture.score(as: role) }
    try fixture.base.run("GRANT CREATE ON SCHEMA public TO \(role)")
    #expect(try await fixture.score(as: role).rows == 200)
  }

  @Test("DuckDB is refused with what to do instead")
  func refused() async throws {
    let fixture = try await ScoreFixture("sqlite")
    let url = try DatabaseURL(parsing: "duckdb:a.db", from: .commandLine)
    let table = ScoreTable(
      Scorer(try InstallFixture.stump(40)), ScoreFixture.request(), in: fixture.base.project.session)
    let error = await #expect(throws: DatabaseError.self) { try await table.run(url) }
    #expect(error?.hint?.contains("opz sql write") == true)
  }
}
