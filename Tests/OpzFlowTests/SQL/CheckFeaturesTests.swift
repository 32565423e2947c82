import OpzDatabase
import OpzFormats
import OpzIO
import OpzModel
import OpzTestKit
import Testing

@testable import OpzFlow
@testable import OpzSQL

@Suite("opz sql check")
struct CheckFeaturesTests {
  /// Inputs `age` (number) and `plan` (a or b).
  private static func model() throws -> Model {
    var builder = try ModelBuilder(
      name: "test",
      inputs: [
        Model.Input(name: "age", kind: .number(.float32)),
        Model.Input(name: "plan", kind: .categorical(["a", "b"], unseen: .code)),
      ])
    try builder.addOutput(.prediction, try builder.add(.inputs([0, 1])))
    return try builder.finish()
  }

  private static func profile(_ csv: String) throws -> TableProfile {
    try TableProfile(BytesBlob(Array(csv.utf8)).open(at: 0), inputs: model().inputs)
  }

  private func check(
    _ fixture: InstallFixture, _ source: String, query: Bool = true, profile: TableProfile? = nil,
    columns: [Int: String] = [:], rows: Int = 1_000_000
  ) async throws -> FeatureReport {
    let relation =
      query ? SourceRelation.query(try FeatureQuery(source, subject: "f")) : .table(try TableName(parsing: source))
    var request = CheckFeatures.Request(title: "test", source: relation)
    request.profile = profile
    request.columns = columns
    request.rows = rows
    return try await CheckFeatures(Self.model(), request, in: fixture.project.session).run(fixture.url)
  }

  @Test("a query that fits, and one with what training did not have", arguments: InstallFixture.allEngines)
  func fits(engine: String) async throws {
    let fixture = try await InstallFixture(engine)
    let profile = try Self.profile("age,plan\n0.5,a\n79.5,b\n,a\n")
    let good = try await check(
      fixture, "SELECT age, CASE WHEN id > 3 THEN 'a' ELSE 'b' END AS plan FROM customers", profile: profile)
    #expect(good.passed && good.rows == 200 && good.inputs.allSatisfy(\.notes.isEmpty), "\(good)")
    #expect(good.inputs.map(\.missing) == [20, 0] && good.inputs.map(\.trainingMissing) == [1, 0])
    try good.requireSuccess()
    let other = try await check(
      fixture,
      "SELECT age - 1 AS age, CASE WHEN id > 3 THEN 'a' WHEN id = 3 THEN 'x' END AS plan FROM customers",
      profile: profile)
    #expect(!other.passed && other.inputs[0].problem == nil)
    #expect(other.inputs[0].notes == ["as low as -0.5, where training had 0.5"])
    #expect(other.inputs[1].problem == "NULL in 3 of 200 rows, and in none of the 3 rows of training")
    #expect(other.inputs[1].notes == ["a category that the model does not have in 1 of 200 rows"])
    let error = #expect(throws: FlowError.self) { try other.requireSuccess() }
    #expect(error?.category == .verification)
  }

  @Test("columns that are missing, of another type, or of another name", arguments: InstallFixture.allEngines)
  func columns(engine: String) async throws {
    let fixture = try await InstallFixture(engine)
    let missing = try await check(fixture, "customers", query: false)
    #expect(missing.inputs.map { $0.problem != nil } == [false, true])
    #expect(missing.inputs[1].problem == "there is no column plan")
    let cased = try await check(fixture, "SELECT age AS \"AGE\", 'a' AS plann FROM customers")
    #expect(cased.inputs[0].hint == "--columns age=AGE reads it from the column AGE")
    #expect(cased.inputs[1].hint == "--columns plan=plann reads it from the column plann")
    let named = try await check(
      fixture, "SELECT age AS \"AGE\", 'a' AS plann FROM customers", columns: [0: "AGE", 1: "plann"])
    #expect(named.passed, "\(named)")
    let text = try await check(
      fixture, "SELECT CAST(id AS \(engine == "mariadb" ? "CHAR" : "TEXT")) AS age, 'a' AS plan FROM customers")
    #expect(text.inputs[0].problem?.contains("a number") == true, "\(text)")
    let cut = try await check(fixture, "SELECT age, 'a' AS plan FROM customers", rows: 5)
    #expect(cut.rows == 5 && cut.passed)
    let none = try await check(fixture, "SELECT age, 'a' AS plan FROM customers WHERE id < 0")
    #expect(none.rows == 0 && none.passed)
  }

  @Test(
    "a query that the database refuses, in its own words, and nothing of the database changes",
    arguments: InstallFixture.allEngines)
  func refused(engine: String) async throws {
    let fixture = try await InstallFixture(engine)
    let error = await #expect(throws: DatabaseError.self) {
      _ = try await check(fixture, "SELECT nothing FROM customers")
    }
    #expect(error?.reason.contains("nothing") == true)
    _ = try await check(fixture, "SELECT age, 'a' AS plan FROM customers")
    let views =
      engine == "sqlite"
      ? "SELECT count(*) FROM sqlite_master WHERE type = 'view'"
      : engine == "mariadb"
        ? "SELECT count(*) - 1 FROM information_schema.tables WHERE table_schema = DATABASE()"
        : "SELECT count(*) FROM pg_catalog.pg_class WHERE relname = 'opz_columns'"
    #expect(try fixture.query(views) == [["0"]])
  }

  @Test("types of PostgreSQL", .enabled(if: InstallFixture.engines.contains("postgresql")))
  func types() async throws {
    let fixture = try await InstallFixture("postgresql")
    try fixture.run(
      "CREATE DOMAIN positive AS integer CHECK (VALUE > 0)", "CREATE TYPE plans AS ENUM ('a', 'b')",
      "CREATE TABLE typed (n1 positive, n2 numeric(5, 2), n3 boolean, n4 real, t1 plans, t2 varchar(3), o1 date, o2 int[])"
    )
    for (number, isNumber) in [("n1", true), ("n2", true), ("n4", true), ("t2", false), ("o1", false), ("o2", false)] {
      let report = try await check(fixture, "SELECT \(number) AS age, t2 AS plan FROM typed")
      #expect((report.inputs[0].problem == nil) == isNumber, "\(number) \(report)")
      #expect(report.inputs[1].problem == nil, "\(report)")
    }
    // An enumeration has no collation, by which a category would be compared.
    let report = try await check(fixture, "SELECT n1 AS age, t1 AS plan FROM typed")
    #expect(report.inputs[1].hint?.hasPrefix("CAST") == true, "\(report)")
  }

  @Test("types of MariaDB", .enabled(if: MariaDBServer.isInstalled))
  func typesOfMariaDB() async throws {
    let fixture = try await InstallFixture("mariadb")
    try fixture.run(
      "CREATE TABLE typed (n1 tinyint, n2 numeric(5, 2), n3 boolean, n4 float, n5 bigint unsigned, t1 enum('a', 'b'), "
        + "t2 varchar(3), t3 text, o1 date, o2 blob)")
    for (name, isNumber) in [
      ("n1", true), ("n2", true), ("n3", true), ("n4", true), ("n5", true), ("t2", false),
      ("t3", false), ("o1", false), ("o2", false),
    ] {
      let report = try await check(fixture, "SELECT \(name) AS age, t1 AS plan FROM typed")
      #expect((report.inputs[0].problem == nil) == isNumber, "\(name) \(report)")
      #expect(report.inputs[1].problem == nil, "\(report)")
    }
    // Categories are compared by their bytes, whatever the collation and the character set.
    try fixture.run(
      "INSERT INTO typed (n1, t2) VALUES (1, 'a'), (1, 'A'), (1, 'a '), (1, 'b')")
    let report = try await check(fixture, "SELECT n1 AS age, t2 AS plan FROM typed")
    #expect(report.inputs[1].notes == ["a category that the model does not have in 2 of 4 rows"], "\(report)")
  }

  @Test("a model's statement on a query scores as on a table, and installs", arguments: InstallFixture.engines)
  func composed(engine: String) async throws {
    let fixture = try await InstallFixture(engine)
    let model = try VerifySQLTests.stump(threshold: 41.7, value: 0.25)
    var verify = VerifySQL.Request(title: "stump")
    let doubled = try FeatureQuery("SELECT id, age * 2 AS age FROM customers", subject: "f")
    verify.source = .query(doubled)
    let report = try await VerifySQL(model, verify, in: fixture.project.session).run(fixture.url)
    #expect(report.passed && report.parts.map(\.rows).last == 200, "\(report.lines)")
    #expect(report.published.parts.last?.name == "a table")
    var request = InstallSQL.Request(name: "doubled", source: .query(doubled), title: "stump")
    await #expect(throws: FlowError.self) {
      _ = try await InstallSQL(model, request, in: fixture.project.session).run(fixture.url)
    }
    request.keys = ["id"]
    _ = try await InstallSQL(model, request, in: fixture.project.session).run(fixture.url)
    // 57 rows with an age below 41.7 / 2, and the 20 without one.
    #expect(try fixture.query("SELECT count(*) FROM doubled WHERE margin = 0.25") == [["77"]])
    #expect(try await InstalledSQL(in: fixture.project.session).status(fixture.url, name: nil).first?.problem == nil)
  }

  @Test("types of DuckDB, counts, and texts", .enabled(if: InstalledTool.duckdb.isFound(ProcessEnvironment.all())))
  func duckdb() async throws {
    let directory = try TemporaryDirectory()
    let environment = ProcessEnvironment.all()
    let program = try #require(InstalledTool.duckdb.find(environment))
    let statements = """
      CREATE TYPE plans AS ENUM ('a', 'b', 'x');
      CREATE TABLE typed (n1 HUGEINT, n2 DECIMAL(5, 2), n3 REAL, n4 BOOLEAN, t1 plans, t2 VARCHAR COLLATE NOCASE, o1 DATE, o2 INT[]);
      INSERT INTO typed VALUES (1, 0.5, 'nan', true, 'a', 'a', NULL, NULL), (2, 99, 7, NULL, 'x', 'A', NULL, NULL);
      """
    let made = try ChildProcess.run(
      [program.string, "-no-init", directory.path.appending("a.duckdb").string], input: Array(statements.utf8))
    #expect(made.status == 0, "\(made.errorText)")
    let session = Session(environment: environment, directory: directory.path, registry: nil, tool: "opz test")
    let url = try DatabaseURL(parsing: "duckdb:a.duckdb", from: .commandLine)
    func check(_ query: String, profile: TableProfile? = nil) async throws -> FeatureReport {
      var request = CheckFeatures.Request(title: "test", source: .query(try FeatureQuery(query, subject: "f")))
      request.profile = profile
      return try await CheckFeatures(Self.model(), request, in: session).run(url)
    }
    for (column, isNumber) in [("n1", true), ("n2", true), ("n3", true), ("n4", true), ("t2", false), ("o1", false)] {
      let report = try await check("SELECT \(column) AS age, t2 AS plan FROM typed")
      #expect((report.inputs[0].problem == nil) == isNumber, "\(column) \(report)")
      #expect(report.engine == "duckdb" && report.rows == 2)
    }
    #expect(try await check("SELECT n1 AS age, o2 AS plan FROM typed").inputs[1].problem != nil)
    // NaN is missing; a category is compared by its bytes, whatever the column's collation.
    let profile = try Self.profile("age,plan\n1,a\n5,b\n")
    let report = try await check("SELECT n3 AS age, t2 AS plan FROM typed", profile: profile)
    #expect(report.inputs[0].problem == "NULL in 1 of 2 rows, and in none of the 2 rows of training", "\(report)")
    #expect(report.inputs[1].notes == ["a category that the model does not have in 1 of 2 rows"])
    let other = try await check("SELECT n2 AS age, t1 AS plan FROM typed", profile: profile)
    #expect(other.passed && other.inputs[0].notes.count == 2 && other.inputs[1].notes.count == 1, "\(other)")
    await #expect(throws: DatabaseError.self) { _ = try await check("SELECT nothing FROM typed") }
  }
}
