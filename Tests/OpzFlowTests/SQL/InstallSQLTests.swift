import OpzDatabase
import OpzIO
import OpzModel
import OpzOCI
import OpzRegistry
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzFlow
@testable import OpzSQL

@Suite("opz sql install")
struct InstallSQLTests {
  @Test("a version, the next, the way back, the end; and what scored when", arguments: InstallFixture.engines)
  func life(engine: String) async throws {
    let fixture = try await InstallFixture(engine)
    let (first, second) = (try await fixture.version("1.0.0"), try await fixture.version("1.1.0"))
    let one = try await fixture.install(InstallFixture.stump(40), first)
    #expect(one.outcome == .installed && one.view == "churn_score__1_0_0" && one.previous == nil)
    #expect(one.difference?.rows == 200 && one.difference?.compared == 0)
    #expect(try fixture.scores() == InstallFixture.expected(40))
    #expect(try await fixture.install(InstallFixture.stump(40), first).outcome == .unchanged)

    let two = try await fixture.install(InstallFixture.stump(50, 0.5), second) { $0.threshold = 0 }
    #expect(two.outcome == .installed && two.previous == "churn@1.0.0")
    // Ages from 40.5 to 49.5, three times 40 to 49 among 0..<200 without those that are missing, change their side.
    #expect(two.difference?.compared == 200 && two.difference?.flips == 18 && two.difference?.largestChange == 1.5)
    #expect(try fixture.scores() == InstallFixture.expected(50, 0.5))

    let status = try await fixture.installed.status(fixture.url)
    #expect(status.map(\.model) == ["churn@1.1.0"] && status[0].previous == "churn@1.0.0" && status[0].problem == nil)
    let back = try await fixture.installed.rollback(fixture.url, name: "churn_score", isDryRun: false)
    #expect(back.before == "churn@1.1.0" && back.after == "churn@1.0.0")
    #expect(try fixture.scores() == InstallFixture.expected(40))
    await #expect(throws: FlowError.self) {
      _ = try await fixture.installed.rollback(fixture.url, name: "churn_score", isDryRun: false)
    }
    #expect(try await fixture.install(InstallFixture.stump(50, 0.5), second).outcome == .installed)
    let end = try await fixture.installed.uninstall(fixture.url, name: "churn_score", isDryRun: false)
    #expect(end.before == "churn@1.1.0" && end.after == nil)
    #expect(throws: DatabaseError.self) { try fixture.scores() }
    #expect(try await fixture.installed.status(fixture.url).isEmpty)

    let lines = try InstallHistory(in: fixture.project.session).lines()
    #expect(lines.map(\.action) == ["uninstalled", "installed", "rolled-back", "installed", "installed"])
    #expect(try InstallHistory(in: fixture.project.session).lines(at: lines[1].since).map(\.model) == ["churn@1.1.0"])
    #expect(try InstallHistory(in: fixture.project.session).lines(at: lines[2].since).map(\.model) == ["churn@1.0.0"])
    #expect(try InstallHistory(in: fixture.project.session).lines(at: lines[0].since).isEmpty)
    #expect(try InstallHistory(in: fixture.project.session).lines(at: "2000-01-01").isEmpty)
    #expect(lines.allSatisfy { $0.database.hasPrefix(engine) })
    #expect(try await fixture.project.registry().fsck().problems == [])
  }

  @Test("limits refuse, and a dry run shows all and changes nothing", arguments: InstallFixture.engines)
  func limits(engine: String) async throws {
    let fixture = try await InstallFixture(engine)
    try await fixture.install(InstallFixture.stump(40), nil)
    let model = try InstallFixture.stump(50)
    for change in [{ (limits: inout ScoreLimits) in limits.change = 1.2 }, { $0.flips = 0.08 }] {
      let report = try await fixture.install(model, nil) {
        $0.threshold = 0
        change(&$0.limits)
      }
      #expect(report.outcome == .refused)
      let error = #expect(throws: FlowError.self) { try report.requireSuccess() }
      #expect(error?.category == .refused)
    }
    await #expect(throws: FlowError.self) { try await fixture.install(model, nil) { $0.limits.flips = 0.5 } }
    let dry = try await fixture.install(model, nil) {
      $0.isDryRun = true
      $0.limits.change = 1.25
    }
    #expect(dry.outcome == .rehearsed && dry.statements.contains { $0.contains("VIEW") })
    #expect(try fixture.scores() == InstallFixture.expected(40))
    let status = try await fixture.installed.status(fixture.url)
    #expect(status.count == 1 && status[0].previous == nil)
    let report = try await fixture.install(model, nil) {
      $0.limits.flips = 0.09; $0.threshold = 0
    }
    #expect(report.outcome == .installed)
    _ = try await fixture.installed.rollback(fixture.url, name: "churn_score", isDryRun: true)
    _ = try await fixture.installed.uninstall(fixture.url, name: "churn_score", isDryRun: true)
    #expect(try fixture.scores() == InstallFixture.expected(50))
    let cut = try await fixture.install(InstallFixture.stump(60), nil) { $0.rows = 50 }
    #expect(cut.difference?.rows == 50 && cut.difference?.isCut == true)
  }

  @Test("the same scores by another statement are equal to the last bit", arguments: InstallFixture.engines)
  func same(engine: String) async throws {
    let fixture = try await InstallFixture(engine)
    try await fixture.install(InstallFixture.stump(40, 0.1), nil)
    let report = try await fixture.install(InstallFixture.stump(40, 0.1), nil) { $0.shape = .flat }
    #expect(report.outcome == .installed && report.difference?.compared == 200 && report.difference?.equal == 200)
    #expect(report.difference?.largestChange == 0)
  }

  @Test("two installs at once: both are whole, one after the other", arguments: InstallFixture.engines)
  func atOnce(engine: String) async throws {
    let fixture = try await InstallFixture(engine)
    let versions = [try await fixture.version("1.0.0"), try await fixture.version("1.1.0")]
    for round in 0..<4 {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, version) in versions.enumerated() {
          let model = try InstallFixture.stump(40 + Float(10 * index) + Float(round))
          group.addTask { try await fixture.install(model, version) }
        }
        try await group.waitForAll()
      }
      let status = try await fixture.installed.status(fixture.url)
      #expect(status.count == 1 && status[0].problem == nil)
      let threshold = (status[0].model == "churn@1.0.0" ? 40.0 : 50) + Double(round)
      #expect(try fixture.scores() == InstallFixture.expected(threshold))
    }
    let numbers = try fixture.query("SELECT number FROM opz_installs ORDER BY number").compactMap { $0[0] }
    #expect(numbers == (1...8).map { "\($0)" })
  }

  @Test("who waits for another install in vain is told so", arguments: InstallFixture.engines)
  func busy(engine: String) async throws {
    let fixture = try await InstallFixture(engine)
    try await fixture.install(InstallFixture.stump(40), nil)
    let holder = try fixture.connect()
    for statement in engine == "sqlite"
      ? ["BEGIN IMMEDIATE"] : ["BEGIN", "LOCK TABLE churn_score IN ACCESS SHARE MODE"]
    {
      try holder.run(statement)
    }
    if engine == "postgresql" { try holder.run("SELECT * FROM churn_score") }
    let error = await #expect(throws: DatabaseError.self) {
      try await fixture.install(InstallFixture.stump(50), nil) {
        $0.wait = 0; if engine == "postgresql" { $0.wait = 1 }
      }
    }
    #expect(error?.code == .busy && error?.category == .conflict && error?.hint?.contains("--wait") == true)
    try holder.run("ROLLBACK")
    #expect(try fixture.scores() == InstallFixture.expected(40))
    #expect(try await fixture.install(InstallFixture.stump(50), nil).outcome == .installed)
  }

  @Test(
    "what others have on the name stays: views, triggers, grants, comments, options", arguments: InstallFixture.engines)
  func dependents(engine: String) async throws {
    let fixture = try await InstallFixture(engine)
    try await fixture.install(InstallFixture.stump(40), nil)
    try fixture.run("CREATE VIEW at_risk AS SELECT id, margin FROM churn_score WHERE margin > 0")
    if engine == "sqlite" {
      try fixture.run(
        "CREATE TABLE noted (id INTEGER)",
        "CREATE TRIGGER note INSTEAD OF INSERT ON churn_score BEGIN INSERT INTO noted VALUES (new.id); END")
    } else {
      try fixture.run(
        "DO $$ BEGIN CREATE ROLE opz_reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "GRANT SELECT ON churn_score TO opz_reader", "COMMENT ON VIEW churn_score IS 'the one to use'",
        "COMMENT ON COLUMN churn_score.margin IS 'log-odds'", "ALTER VIEW churn_score SET (security_barrier = true)")
    }
    let next = try await fixture.install(InstallFixture.stump(50), nil)
    #expect(next.outcome == .installed)
    let atRisk = InstallFixture.expected(50).compactMap { $0 }.filter { $0 > 0 }.count
    #expect(try fixture.query("SELECT count(*) FROM at_risk") == [["\(atRisk)"]])
    if engine == "sqlite" {
      try fixture.run("INSERT INTO churn_score VALUES (7, 1)")
      #expect(try fixture.query("SELECT id FROM noted") == [["7"]])
    } else {
      #expect(try fixture.query("SELECT count(*) FROM churn_score", as: "opz_reader") == [["200"]])
      let kept = try fixture.query(
        "SELECT obj_description('churn_score'::regclass), col_description('churn_score'::regclass, 2), "
          + "reloptions::text FROM pg_class WHERE oid = 'churn_score'::regclass")
      #expect(kept == [["the one to use", "log-odds", "{security_barrier=true}"]])
    }
    // Another column is none that the view at_risk could read.
    let error = await #expect(throws: FlowError.self) {
      try await fixture.install(InstallFixture.stump(50), nil) { $0.kind = .leaf }
    }
    #expect(error?.category == .conflict && error?.reason.contains("at_risk") == true, "\(String(describing: error))")
    let gone = await #expect(throws: FlowError.self) {
      _ = try await fixture.installed.uninstall(fixture.url, name: "churn_score", isDryRun: false)
    }
    #expect(gone?.category == .conflict && gone?.reason.contains("at_risk") == true, "\(String(describing: gone))")
    #expect(try fixture.scores() == InstallFixture.expected(50))
    try fixture.run("DROP VIEW at_risk")
    _ = try await fixture.installed.uninstall(fixture.url, name: "churn_score", isDryRun: false)
  }

  @Test("a view or table that opz did not make is not touched", arguments: InstallFixture.engines)
  func foreign(engine: String) async throws {
    let fixture = try await InstallFixture(engine)
    try fixture.run("CREATE VIEW churn_score AS SELECT id, 1.5 AS margin FROM customers")
    let version = try await fixture.version("1.0.0")
    for name in ["churn_score", "customers"] {
      let error = await #expect(throws: FlowError.self) {
        try await fixture.install(InstallFixture.stump(40), version, name: name)
      }
      #expect(error?.category == .conflict && error?.reason.contains("did not install") == true)
    }
    try fixture.run("CREATE TABLE other__1_0_0 (a INTEGER)")
    await #expect(throws: FlowError.self) {
      try await fixture.install(InstallFixture.stump(40), version, name: "other")
    }
    #expect(try fixture.scores().allSatisfy { $0 == 1.5 })
    // A name that somebody replaced is said to be so, and a rollback does not make it worse.
    try await fixture.install(InstallFixture.stump(40), version, name: "mine")
    try fixture.run("DROP VIEW mine", "CREATE VIEW mine AS SELECT id, 2.5 AS margin FROM customers")
    let status = try await fixture.installed.status(fixture.url)
    #expect(status.count == 1 && status[0].problem?.contains("replaced") == true)
  }

  @Test("a key that is not unique, or missing, is refused", arguments: InstallFixture.engines)
  func keys(engine: String) async throws {
    let fixture = try await InstallFixture(engine)
    try fixture.run(
      "CREATE TABLE doubles (id INTEGER, age DOUBLE PRECISION)", "INSERT INTO doubles VALUES (1, 2), (1, 3)")
    let doubles = try SourceRelation(table: "doubles")
    let missing = await #expect(throws: FlowError.self) {
      try await fixture.install(InstallFixture.stump(40), nil) { $0.source = doubles }
    }
    #expect(missing?.category == .usage)
    let double = await #expect(throws: FlowError.self) {
      try await fixture.install(InstallFixture.stump(40), nil) {
        $0.source = doubles; $0.keys = ["id"]
      }
    }
    #expect(double?.reason.contains("same key") == true)
    #expect(
      try await fixture.install(InstallFixture.stump(40), nil) {
        $0.source = doubles; $0.keys = ["id", "age"]
      }.outcome == .installed)
  }

  private static let hostile = [
    "a\"b", "x'; DROP TABLE customers; --", "日本 🙂", "a`b", "back\\slash", "select", " ", "a.b", "%s", "$1",
    "line\nfeed",
    String(repeating: "n", count: 63), String(repeating: "é", count: 31), "opz_installs\u{1}",
  ]

  @Test("names with any characters", arguments: InstallFixture.engines, hostile)
  func hostileNames(engine: String, name: String) async throws {
    let fixture = try await InstallFixture(engine, rows: 20)
    let quoted = "\"\(name.replacing("\"", with: "\"\""))\""
    try fixture.run(
      "CREATE TABLE \(quoted) (\(quoted) INTEGER PRIMARY KEY, age DOUBLE PRECISION)",
      "INSERT INTO \(quoted) VALUES (1, 30), (2, 60)")
    var session = fixture.project.session
    session.environment["OPZ_ACTOR"] = name
    // The same name for the table would be taken; a letter more for one of 63 bytes too many.
    let view = name.utf8.count < 60 ? "\"v\(quoted.dropFirst())" : "\"v\(name.dropFirst())\""
    for threshold in [Float(40), 50] {
      var request = InstallFixture.request(nil)
      request.source = try SourceRelation(table: quoted)
      (request.name, request.keys, request.title) = (view, [name], name)
      let report = try await InstallSQL(InstallFixture.stump(threshold), request, in: session).run(fixture.url)
      #expect(report.outcome == .installed)
    }
    let installed = InstalledSQL(in: session)
    let status = try await installed.status(fixture.url)
    #expect(status.count == 1 && status[0].problem == nil && status[0].actor == name && status[0].model == name)
    _ = try await installed.rollback(fixture.url, name: view, isDryRun: false)
    #expect(
      try fixture.query("SELECT margin FROM \(view) ORDER BY 1").map { $0[0].flatMap { Double($0) } } == [-1, 0.25])
    _ = try await installed.uninstall(fixture.url, name: view, isDryRun: false)
    #expect(try fixture.query("SELECT count(*) FROM customers") == [["20"]])
    let left =
      engine == "sqlite"
      ? "SELECT count(*) FROM sqlite_schema WHERE type = 'view'"
      : "SELECT count(*) FROM pg_views WHERE schemaname = 'public'"
    #expect(try fixture.query(left) == [["0"]])
  }

  @Test("a role without rights is told so, and nothing is changed", .enabled(if: PostgreSQLServer.isInstalled))
  func rights() async throws {
    let fixture = try await InstallFixture("postgresql")
    try await fixture.install(InstallFixture.stump(40), nil)
    try fixture.run(
      "DO $$ BEGIN CREATE ROLE opz_poor LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
      "DO $$ BEGIN CREATE ROLE opz_owner LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    let poor = try fixture.url(as: "opz_poor")
    let steps = [
      "GRANT SELECT ON opz_installs TO opz_poor", "GRANT SELECT ON customers, churn_score TO opz_poor",
      "GRANT CREATE ON SCHEMA public TO opz_poor", "GRANT INSERT ON opz_installs TO opz_poor",
    ]
    for step in steps {
      let error = await #expect(throws: DatabaseError.self) {
        try await InstallSQL(InstallFixture.stump(50), InstallFixture.request(nil), in: fixture.project.session).run(
          poor)
      }
      #expect(error?.code == .forbidden && error?.hint?.contains("CREATE in the schema") == true, "\(step)")
      #expect(error?.category == .network)
      try fixture.run(step)
    }
    // The name is not its own.
    await #expect(throws: DatabaseError.self) {
      try await InstallSQL(InstallFixture.stump(50), InstallFixture.request(nil), in: fixture.project.session).run(poor)
    }
    #expect(try fixture.scores() == InstallFixture.expected(40))
    // One of its own is, and when another role installs, the owner and its readers go on reading.
    let own = InstallFixture.request(nil, name: "own_score")
    _ = try await InstallSQL(InstallFixture.stump(40), own, in: fixture.project.session).run(poor)
    try fixture.run("GRANT SELECT ON own_score TO opz_owner", as: "opz_poor")
    _ = try await InstallSQL(InstallFixture.stump(50), own, in: fixture.project.session).run(fixture.url)
    #expect(try fixture.query("SELECT margin FROM own_score ORDER BY id", as: "opz_owner").count == 200)
    #expect(
      try fixture.query("SELECT count(DISTINCT viewowner) FROM pg_views WHERE viewname LIKE 'own_score%'") == [["1"]])
    _ = try await InstalledSQL(in: fixture.project.session).rollback(poor, name: "own_score", isDryRun: false)
  }

  @Test("a migration does what an install does, and its other half undoes it", arguments: InstallFixture.engines)
  func migration(engine: String) async throws {
    let fixture = try await InstallFixture(engine)
    let (first, second) = (try await fixture.version("1.0.0"), try await fixture.version("1.1.0"))
    let dialect = try SQLDialect.named(engine)
    func write(_ threshold: Float, _ version: Registry.Version, after previous: Registry.Version?) throws
      -> InstallMigration
    {
      var request = InstallFixture.request(version)
      request.keys = ["id"]
      return try WriteMigration(InstallFixture.stump(threshold), request, in: fixture.project.session).run(
        dialect, previous: previous)
    }
    func play(_ text: String) throws {
      if engine == "postgresql" { return _ = try PostgreSQLServer.shared().run(text, in: fixture.database) }
      let script = "import sqlite3, sys; sqlite3.connect('crm.db').executescript(sys.stdin.read())"
      let result = try ChildProcess.run(
        ["/usr/bin/env", "python3", "-c", script], input: Array(text.utf8), directory: fixture.project.directory.path)
      #expect(result.status == 0, "\(result.errorText)")
    }
    let one = try write(40, first, after: nil)
    let two = try write(50, second, after: first)
    for _ in 0..<2 {
      try play(one.up)
      #expect(try fixture.scores() == InstallFixture.expected(40))
      try play(two.up)
      #expect(try fixture.scores() == InstallFixture.expected(50))
      let status = try await fixture.installed.status(fixture.url)
      #expect(status.map(\.model) == ["churn@1.1.0"] && status[0].problem == nil && status[0].previous == "churn@1.0.0")
      try play(two.down)
      #expect(try fixture.scores() == InstallFixture.expected(40))
      try play(one.down)
      #expect(throws: DatabaseError.self) { try fixture.scores() }
    }
    #expect(throws: SQLError.self) {
      try WriteMigration(InstallFixture.stump(40), InstallFixture.request(first), in: fixture.project.session)
        .run(SQLDialect.named("oracle"), previous: nil)
    }
  }
}
