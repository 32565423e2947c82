import OpzDatabase
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

@Suite("opz sql install, killed")
struct InstallKillTests {
  private struct Stop: Error {}

  @Test(
    "ended before any statement, the name works as it did, and the next run does the rest",
    arguments: InstallFixture.engines, ["install", "upgrade", "rollback", "uninstall"])
  func ended(engine: String, work: String) async throws {
    let fixture = try await InstallFixture(engine)
    let (first, second) = (try await fixture.version("1.0.0"), try await fixture.version("1.1.0"))
    if work != "install" { try await fixture.install(InstallFixture.stump(40), first) }
    if work == "rollback" || work == "uninstall" { try await fixture.install(InstallFixture.stump(50), second) }
    let before = work == "install" ? nil : try fixture.scores()
    var ended = 0
    while true {
      let seen = Mutex(0)
      let limit = ended
      let hook: @Sendable (String) throws -> Void = { _ in
        let count = seen.withLock { seen in
          seen += 1
          return seen
        }
        guard count == limit + 1 else { return }
        // The server ends the connection, so that opz meets it at its next statement; SQLite has no server.
        guard engine == "postgresql" else { throw Stop() }
        try fixture.run(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            + "AND application_name = 'opz' AND pid <> pg_backend_pid()")
      }
      var installing = InstallSQL(
        try InstallFixture.stump(work == "install" ? 40 : 50),
        InstallFixture.request(work == "install" ? first : second),
        in: fixture.project.session)
      installing.beforeStatement = hook
      var installed = fixture.installed
      installed.beforeStatement = hook
      do {
        switch work {
        case "rollback": _ = try await installed.rollback(fixture.url, name: "churn_score", isDryRun: false)
        case "uninstall": _ = try await installed.uninstall(fixture.url, name: "churn_score", isDryRun: false)
        default: _ = try await installing.run(fixture.url)
        }
        break
      } catch {
        ended += 1
        let status = try await fixture.installed.status(fixture.url)
        #expect(status.allSatisfy { $0.problem == nil }, "\(work) \(ended): \(status) \(error)")
        if let before { #expect(try fixture.scores() == before, "\(work) \(ended): \(error)") }
        if before == nil { #expect(throws: DatabaseError.self) { try fixture.scores() } }
      }
    }
    #expect(ended >= 5, "\(ended)")
    switch work {
    case "install", "rollback": #expect(try fixture.scores() == InstallFixture.expected(40))
    case "upgrade": #expect(try fixture.scores() == InstallFixture.expected(50))
    default: #expect(throws: DatabaseError.self) { try fixture.scores() }
    }
  }

  @Test("killed at any write to SQLite's file, it leaves a name that works", .enabled(if: Self.hasTracer))
  func killed() async throws {
    let fixture = try await InstallFixture("sqlite", rows: 20)
    let churn = PackageRoot.path(#filePath).appending("examples/churn/model.json")
    let inputs = try fixture.project.session.formats.load(churn).model.inputs
    let columns = inputs.map { "\"\($0.name)\"" }.joined(separator: ", ")
    try fixture.run(
      "CREATE TABLE people (id INTEGER PRIMARY KEY, \(columns))", "INSERT INTO people (id) VALUES (1), (2)")
    func opz(_ words: [String], under prefix: [String] = []) throws -> ChildProcess.Output {
      try ChildProcess.run(
        prefix + [try BuiltPrograms.opz().string, "sql"] + words + ["--database", "sqlite:crm.db", "--name", "score"],
        environment: fixture.project.session.environmentList + ["OPZ_REGISTRY=registry"],
        directory: fixture.project.directory.path)
    }
    let install = ["install", churn.string, "--table", "people"]
    let first = try opz(install)
    #expect(first.status == 0, "\(first.errorText)")
    let before = try fixture.query("SELECT * FROM score ORDER BY id")
    let file = fixture.project.directory.path.appending("crm.db").string
    var kills = 0
    for call in ["pwrite64", "fdatasync", "unlink"] {
      for count in 1...200 {
        let trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-P"]
        let places = [file, "-P", "\(file)-journal"]
        let fault = ["-e", "inject=\(call):signal=SIGKILL:when=\(count)"]
        let output = try opz(install + ["--shape", "flat"], under: trace + places + fault)
        #expect(try fixture.query("SELECT * FROM score ORDER BY id") == before, "\(call) \(count)")
        // It also fails where the name does not work, or reads another view than the table says.
        let status = try opz(["status"])
        #expect(status.status == 0, "\(call) \(count): \(status.errorText)")
        _ = try opz(["rollback"])
        if output.status == 0 { break }
        kills += 1
      }
    }
    #expect(kills >= 5, "\(kills)")
  }

  static let hasTracer = (try? ChildProcess.run(["strace", "-qq", "-o", "/dev/null", "true"]))?.status == 0

  @Test("a killed install is told of by the next command, once", arguments: InstallFixture.engines)
  func told(engine: String) async throws {
    let fixture = try await InstallFixture(engine)
    let version = try await fixture.version("1.0.0")
    var elsewhere = fixture.project.session
    elsewhere.registryPath = fixture.project.directory.path.appending("none")
    _ = try await InstallSQL(InstallFixture.stump(40), InstallFixture.request(version), in: elsewhere).run(fixture.url)
    let history = InstallHistory(in: fixture.project.session)
    #expect(try history.lines().isEmpty)
    for _ in 0..<2 { _ = try await fixture.installed.status(fixture.url) }
    #expect(try history.lines().map(\.action) == ["installed"])
  }
}
