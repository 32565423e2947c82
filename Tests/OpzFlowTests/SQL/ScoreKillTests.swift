import Glibc
import OpzDatabase
import OpzIO
import OpzModel
import OpzRegistry
import OpzTestKit
import Synchronization
import SystemPackage
import Testing

@testable import OpzFlow

@Suite("opz score --into, killed")
struct ScoreKillTests {
  private struct Stop: Error {}

  @Test(
    "ended before any statement, the same command goes on: no row twice, none lost",
    arguments: InstallFixture.allEngines,
    ["all", "missing", "watermark", "database"])
  func ended(engine: String, mode: String) async throws {
    let fixture = try await ScoreFixture(engine)
    let change: @Sendable (inout ScoreTable.Request) -> Void = {
      $0.isIncremental = mode == "missing" || mode == "watermark"
      $0.watermark = mode == "watermark" ? "age2" : nil
      $0.isInDatabase = mode == "database"
    }
    let whole = engine == "mariadb" ? "INTEGER" : "BIGINT"
    let query = "SELECT id, age, CAST(id AS \(whole)) * 2 AS age2 FROM customers"
    var ended = 0
    while true {
      let seen = Mutex(0)
      // Each run comes a few statements farther than the last one, which had committed some.
      let limit = ended % 17
      let hook: @Sendable (String) throws -> Void = { _ in
        let count = seen.withLock { seen in
          seen += 1
          return seen
        }
        guard count == limit + 1 else { return }
        guard engine != "sqlite" else { throw Stop() }
        try fixture.base.endConnections()
      }
      do {
        let last: @Sendable (String) throws -> Void = { _ in }
        try await fixture.score(query: query, before: ended < 60 ? hook : last, change: change)
        break
      } catch {
        ended += 1
        let keys = (try? fixture.keys()) ?? []
        #expect(Set(keys).count == keys.count, "\(ended): \(error)")
        // Whole transactions, and what the job says of them.
        let job = try? fixture.base.query("SELECT \(fixture.base.quoted("rows")) FROM opz_score_jobs")
        if let job, let rows = job.first { #expect(rows == ["\(keys.count)"], "\(ended): \(error)") }
      }
    }
    #expect(ended >= 5, "\(ended)")
    #expect(try fixture.margins() == InstallFixture.expected(40))
  }

  @Test("killed by the system at any moment, it goes on", arguments: InstallFixture.allEngines)
  func killed(engine: String) async throws {
    let count = 30_000
    let fixture = try await ScoreFixture(engine, rows: count)
    let churn = PackageRoot.path(#filePath).appending("examples/churn/model.json")
    let inputs = try fixture.base.project.session.formats.load(churn).model.inputs
    let columns = inputs.enumerated().map { index, input in
      if case .number = input.kind { return "(id * \(index) % 301) AS \"\(input.name)\"" }
      return "NULL AS \"\(input.name)\""
    }
    let query = "SELECT id, \(columns.joined(separator: ", ")) FROM customers"
    let url = try fixture.base.shownURL()
    func words(_ table: String) throws -> [String] {
      [
        try BuiltPrograms.opz().string, "score", churn.string, "--database", url, "--query", query, "--key", "id",
        "--into",
        table, "--batch", "1000", "--quiet",
      ]
    }
    let environment = fixture.base.project.session.environmentList
    let directory = fixture.base.project.directory.path
    let whole = try ChildProcess.run(try words("whole"), environment: environment, directory: directory)
    #expect(whole.status == 0, "\(whole.errorText)")
    var (kills, last) = (0, -1)
    var random = SystemRandomNumberGenerator()
    for attempt in 0..<60 {
      let process = try ChildProcess.start(try words("scores"), environment: environment, directory: directory)
      // The first is ended before it can be done, however busy the machine is: `Task.sleep` gives the thread to another
      // test, which may keep it for seconds. SIGTERM lets it commit what it has; the others end it where it is.
      if attempt > 0 { usleep(UInt32.random(in: 20..<UInt32(200 + attempt * 20), using: &random) * 1000) }
      process.send(signal: attempt % 4 == 3 ? 15 : 9)
      let status = process.wait()
      let keys = (try? fixture.base.query("SELECT count(*), count(DISTINCT id) FROM scores").first) ?? ["0", "0"]
      #expect(keys[0] == keys[1])
      let now = keys[0].flatMap { Int($0) } ?? 0
      #expect(now >= last, "\(now) after \(last)")
      last = now
      if status == 0 { break }
      kills += 1
    }
    let end = try ChildProcess.run(try words("scores"), environment: environment, directory: directory)
    #expect(end.status == 0 && kills > 0, "\(kills): \(end.errorText)")
    #expect(try fixture.keys().count == count)
    let differences = try fixture.base.query(
      "SELECT count(*) FROM whole w JOIN scores s ON s.id = w.id AND s.probability = w.probability")
    #expect(differences == [["\(count)"]])
  }

  @Test("two jobs at once write each row once", arguments: InstallFixture.allEngines, [false, true])
  func together(engine: String, isIncremental: Bool) async throws {
    let fixture = try await ScoreFixture(engine, rows: 3000)
    for _ in 0..<3 {
      let errors = await withTaskGroup(of: (any Error)?.self) { group in
        for _ in 0..<3 {
          group.addTask {
            do {
              try await fixture.score { ($0.batch, $0.isIncremental) = (50, isIncremental) }
              return nil
            } catch { return error }
          }
        }
        return await group.reduce(into: [any Error]()) { if let error = $1 { $0.append(error) } }
      }
      for error in errors { #expect((error as? any ExplainedError)?.category == .conflict, "\(error)") }
      #expect(errors.count < 3)
    }
    try await fixture.score { $0.isIncremental = isIncremental }
    #expect(try fixture.margins() == InstallFixture.expected(40, rows: 3000))
  }

  @Test(
    "memory is bounded, whatever the number of rows", arguments: InstallFixture.allEngines.filter { $0 != "sqlite" })
  func memory(engine: String) async throws {
    let fixture = try await ScoreFixture(engine, rows: 0)
    let churn = PackageRoot.path(#filePath).appending("examples/churn/model.json")
    let inputs = try fixture.base.project.session.formats.load(churn).model.inputs
    let columns = inputs.enumerated().map { index, input in
      if case .number = input.kind {
        return "CAST(g * \(index) % 301 AS \(engine == "mariadb" ? "DOUBLE" : "float8")) AS \"\(input.name)\""
      }
      return "NULL AS \"\(input.name)\""
    }
    let numbers =
      engine == "mariadb" ? "(SELECT seq AS g FROM seq_1_to_200000) g" : "generate_series(1, 200000) g"
    let process = try ChildProcess.start(
      [
        try BuiltPrograms.opz().string, "score", churn.string, "--database", try fixture.base.shownURL(), "--query",
        "SELECT g AS id, \(columns.joined(separator: ", ")) FROM \(numbers)", "--key", "id", "--into",
        "scores", "--quiet",
      ], environment: fixture.base.project.session.environmentList, directory: fixture.base.project.directory.path)
    var most: UInt64 = 0
    var status: Int32?
    while status == nil {
      if let memory = ProcessMemory.of(process.pid) { most = max(most, memory.bytes) }
      try await Task.sleep(for: .milliseconds(5))
      status = process.poll()
    }
    #expect(status == 0)
    #expect(most > 0 && most < 64 << 20, "\(most)")
    #expect(try fixture.base.query("SELECT count(*) FROM scores") == [["200000"]])
  }
}
