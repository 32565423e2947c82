import OpzFormats
import OpzIO
import OpzJSON
import OpzModel
import OpzOCI
import OpzRegistry
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzDatabase
@testable import OpzFlow
@testable import OpzSQL

/// SQLite runs here, and MariaDB where it is installed; `scripts/test-peers sql` names the others in OPZ_SQL_URLS,
/// separated by spaces.
@Suite("opz sql verify")
struct VerifySQLTests {
  static let urls =
    ["sqlite"] + (MariaDBServer.isInstalled ? ["mariadb"] : [])
    + (ProcessEnvironment.value("OPZ_SQL_URLS") ?? "").split(separator: " ").map(String.init)

  private func session(_ directory: TemporaryDirectory) -> Session {
    Session(
      environment: ProcessEnvironment.all(), directory: directory.path, registry: nil, tool: "opz test")
  }

  private func url(_ text: String, _ directory: TemporaryDirectory) throws -> DatabaseURL {
    if text == "sqlite" { try directory.write("empty.db", "") }
    if text == "mariadb" {
      let server = try MariaDBServer.shared()
      return try DatabaseURL(parsing: server.url(server.makeDatabase()), from: .commandLine)
    }
    return try DatabaseURL(parsing: text == "sqlite" ? "sqlite:empty.db" : text, from: .environment)
  }

  @Test("models of the libraries: each leaf, margin, probability and label", arguments: urls, ModelFixture.formats)
  func models(engine: String, format: String) async throws {
    let directory = try TemporaryDirectory()
    let url = try url(engine, directory)
    var compared = 0
    for fixture in try ModelFixture.all(of: format) where fixture.refused == nil {
      let model = try ModelFormats.standard.read(fixture.bytes, name: fixture.file).model
      var request = VerifySQL.Request(title: fixture.name)
      request.boundaryRows = 2000
      let verify = VerifySQL(model, request, in: session(directory))
      let report: SQLReport
      do { report = try await verify.run(url) } catch let error as SQLError
        where error.code == .unsupported || error.code == .tooLarge
      { continue }
      for check in report.parts[0].checks {
        // PostgreSQL ends a query where a number becomes too small or too large for its type, MariaDB where it becomes
        // too large.
        let isOutOfRange = ["value out of range", "value is out of range"].contains {
          check.problem?.contains($0) == true
        }
        if isOutOfRange { continue }
        #expect(check.problem == nil && check.differing == 0, "\(engine) \(fixture.name) \(check)")
        compared += check.values
      }
    }
    #expect(compared > 10_000)
  }

  /// Trees with a threshold moved by one float, or a leaf's value by one.
  static func stump(threshold: Float, value: Float) throws -> Model {
    var trees = TreeEnsembleBuilder(name: "test", columns: 1, groups: 1, inputs: .float32, sums: .float32)
    try trees.addTree(nodes: 3, group: 0) { index in
      guard index == 0 else { return .leaf(number: index, value: index == 1 ? Double(value) : -1) }
      let split = TreeEnsemble.Node(
        column: 0, test: .less, threshold: Double(threshold), missing: .nan, missingGoesLeft: true)
      return .split(split, left: 1, right: 2)
    }
    var builder = try ModelBuilder(name: "test", inputs: [Model.Input(name: "age", kind: .number(.float32))])
    let sum = try builder.add(.trees(try trees.finish()), [try builder.add(.inputs([0]))])
    try builder.addOutput(.margin, sum)
    builder.objective = "test"
    return try builder.finish()
  }

  @Test("a threshold that is one float off is found, and a value that is", arguments: urls)
  func mutants(engine: String) async throws {
    let directory = try TemporaryDirectory()
    let url = try url(engine, directory)
    let model = try Self.stump(threshold: 41.7, value: 0.25)
    let request = VerifySQL.Request(title: "stump")
    let same = try await VerifySQL(model, request, in: session(directory)).run(url)
    #expect(same.passed && same.splits == 1 && same.reachedSplits == 1)
    try same.requireSuccess()
    for threshold in [Float(41.7).nextUp, Float(41.7).nextDown] {
      let other = try Self.stump(threshold: threshold, value: 0.25)
      let report = try await VerifySQL(model, scoredBy: other, request, in: session(directory)).run(url)
      #expect(!report.passed && report.parts[0].checks.map(\.kind) == ["leaf", "margin"])
      #expect(report.parts[0].checks.allSatisfy { $0.differing > 0 && !$0.examples.isEmpty })
      let error = #expect(throws: FlowError.self) { try report.requireSuccess() }
      #expect(error?.category == .verification && error?.reason.contains("age=") == true)
      #expect(report.published.parts[0].checks.allSatisfy { $0.differing > 0 && $0.examples.isEmpty })
      #expect(report.published.database.isEmpty)
    }
    let value = try Self.stump(threshold: 41.7, value: Float(0.25).nextUp)
    let report = try await VerifySQL(model, scoredBy: value, request, in: session(directory)).run(url)
    let isExact = try SQLDialect.named(url.engine.rawValue).keepsFloat32
    #expect(report.passed != isExact, "sums are promised to the bit where the database has float32")
  }

  @Test("a version is named by its digest, and its statement has nothing of the database")
  func statement() async throws {
    let project = try Project()
    try project.directory.write(
      "p/opz.yaml", "opz: 1\nname: iris\nmodel: {path: m}\nruntime: {kind: model}\n")
    try project.directory.write("p/m", "m")
    let version = try await project.package().version
    let operand = ModelOperand("\(version.record.reference)", project.session)
    let title = try operand.title()
    #expect(title == "\(version.record.reference), image \(version.record.image.digest)")
    #expect(try operand.version()?.record.reference == version.record.reference)
    let report = SQLReport(engine: "sqlite", engineVersion: "3.40", database: "sqlite:secret.db", model: title)
    _ = try await AttachSQLReport(version, in: project.session).run(report, with: nil)
    #expect(try project.registry().state(version.name).attachments(of: version).count == 1)
    let text = String(decoding: try CanonicalJSON.encode(report.published), as: UTF8.self)
    #expect(text.contains("3.40") && !text.contains("secret"))
    #expect(try await project.registry().fsck().problems == [])
  }

  @Test("nothing of MariaDB's database is written", .enabled(if: MariaDBServer.isInstalled))
  func untouched() async throws {
    let fixture = try await InstallFixture("mariadb")
    let model = try Self.stump(threshold: 41.7, value: 0.25)
    var request = VerifySQL.Request(title: "stump")
    request.source = InstallFixture.customers
    let report = try await VerifySQL(model, request, in: fixture.project.session).run(fixture.url)
    #expect(report.passed && report.parts.map(\.rows).last == 200, "\(report.lines)")
    #expect(report.engine == "mariadb" && report.published.engine == "mariadb")
    #expect(
      try fixture.query("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()") == [
        ["customers"]
      ])
    // By a URL of the driver's own keywords, the driver says what the database is.
    let socket = try MariaDBServer.shared().socket
    let driver = try #require(ODBCDriver.mariaDB())
    let url = try DatabaseURL(
      parsing: "odbc:Driver=\(driver);SOCKET=\(socket);UID=root;DATABASE=\(fixture.database)", from: .commandLine)
    let other = try await VerifySQL(model, request, in: fixture.project.session).run(url)
    #expect(other.passed && other.engine == "mariadb")
  }

  @Test("rows of a table, whose columns have other names and types")
  func table() async throws {
    let directory = try TemporaryDirectory()
    let script = """
      import sqlite3
      database = sqlite3.connect("crm.db")
      database.execute('CREATE TABLE "my customers" (id INTEGER, "customer age" TEXT)')
      rows = [(i, v) for i, v in enumerate([41, 41.7, "41.70001", None, 1e300, "x", -5] * 500)]
      database.executemany('INSERT INTO "my customers" VALUES (?, ?)', rows)
      database.commit()
      """
    let made = try ChildProcess.run(["/usr/bin/env", "python3", "-c", script], directory: directory.path)
    #expect(made.status == 0, "\(made.errorText)")
    let model = try Self.stump(threshold: 41.7, value: 0.25)
    var request = VerifySQL.Request(title: "stump")
    request.source = try SourceRelation(table: "\"my customers\"")
    request.columns = [0: "customer age"]
    let url = try DatabaseURL(parsing: "sqlite:crm.db", from: .commandLine)
    let report = try await VerifySQL(model, request, in: session(directory)).run(url)
    #expect(report.passed && report.parts.map(\.rows).last == 3500, "\(report.lines)")
    request.rows = 100
    #expect(try await VerifySQL(model, request, in: session(directory)).run(url).parts.map(\.rows).last == 100)
    request.columns = [:]
    await #expect(throws: DatabaseError.self) {
      _ = try await VerifySQL(model, request, in: session(directory)).run(url)
    }
  }
}
