import OpzDatabase
import OpzIO
import OpzTestKit
import Synchronization
import Testing

@testable import OpzFlow

@Suite("opz score --into, by the columns' types")
struct ScoreTypesTests {
  /// Scores one row a transaction. It is stopped behind each of them, and goes on behind the key.
  private func score(_ fixture: ScoreFixture, query: String, into: String) async throws {
    for _ in 0..<30 {
      let commits = Mutex(0)
      let hook: @Sendable (String) throws -> Void = { statement in
        if statement == "COMMIT" { commits.withLock { $0 += 1 } }
      }
      let stop: @Sendable () -> Bool = { commits.withLock { $0 } > 1 }
      let report = try await fixture.score(query: query, stop: stop, before: hook) {
        ($0.into, $0.batch) = (into, 1)
      }
      if report.outcome != .stopped { return }
    }
  }

  @Test("columns of every type of PostgreSQL, as inputs and as keys", .enabled(if: PostgreSQLServer.isInstalled))
  func types() async throws {
    let fixture = try await ScoreFixture("postgresql", rows: 0)
    let values = ["1::smallint", "2::int", "3::bigint", "4::real", "5::float8", "6::numeric", "true", "'NaN'::numeric"]
    for value in values {
      try await fixture.score(40, query: "SELECT 1 AS id, \(value) AS age") { $0.restarts = true }
      #expect(try fixture.margins() == [0.25], "\(value)")
    }
    for value in ["'x'::text", "now()", "'a'::bytea", "ARRAY[1]", "current_date"] {
      let error = await #expect(throws: FlowError.self) {
        try await fixture.score(40, query: "SELECT 1 AS id, \(value) AS age") { $0.restarts = true }
      }
      #expect(error?.hint?.contains("cast") == true, "\(value)")
    }
    let keys = [
      "(g - 5)::smallint", "g", "g::bigint << 40", "'k' || g", "md5(g::text)::uuid", "date '0044-03-15' - g * 400",
      "timestamp '1999-12-31 23:59:59.999999' + g * interval '1 microsecond'",
      "CASE g WHEN 3 THEN timestamptz 'infinity' ELSE timestamptz '2026-01-01' - g * interval '300 years' END",
      "('v' || g)::varchar(10)",
    ]
    for (number, key) in keys.enumerated() {
      try await score(
        fixture, query: "SELECT \(key) AS id, g AS age FROM generate_series(1, 20) g", into: "k\(number)")
      let rows = try fixture.base.query("SELECT count(*), count(DISTINCT id) FROM k\(number)")
      #expect(rows == [["20", "20"]], "\(key)")
      let lost = try fixture.base.query(
        "SELECT \(key) FROM generate_series(1, 20) g EXCEPT SELECT id FROM k\(number)")
      #expect(lost.isEmpty, "\(key)")
    }
    for key in ["g::numeric", "g::float8", "'x'::char(3)", "true"] {
      await #expect(throws: FlowError.self, "\(key)") {
        try await fixture.score(query: "SELECT \(key) AS id, g AS age FROM generate_series(1, 1) g") { $0.into = "no" }
      }
    }
    // Equal for the collation, and not the same.
    try fixture.base.run(
      "CREATE COLLATION alike (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
      "CREATE TABLE names (id TEXT COLLATE alike, age INT)", "INSERT INTO names VALUES ('a', 1), ('A', 1), ('b', 99)")
    for batch in [1, 10] {
      let report = try await fixture.score(query: "SELECT * FROM names") { ($0.into, $0.batch) = ("n\(batch)", batch) }
      #expect(report.rows == 3)
    }
  }

  @Test("columns of MariaDB's types, as inputs and as keys", .enabled(if: MariaDBServer.isInstalled))
  func typesOfMariaDB() async throws {
    let fixture = try await ScoreFixture("mariadb", rows: 0)
    for value in ["2", "CAST(3 AS UNSIGNED)", "4.5e0", "6.25", "true", "CAST(NULL AS DOUBLE)"] {
      try await fixture.score(40, query: "SELECT 1 AS id, \(value) AS age") { $0.restarts = true }
      #expect(try fixture.margins() == [0.25], "\(value)")
    }
    // A driver would say -1.
    let large = await #expect(throws: DatabaseError.self) {
      try await fixture.score(40, query: "SELECT 1 AS id, 18446744073709551615 AS age") { $0.restarts = true }
    }
    #expect(large?.reason.contains("2^63") == true)
    for value in ["'x'", "now()", "CAST('a' AS BINARY)", "current_date"] {
      let error = await #expect(throws: FlowError.self) {
        try await fixture.score(40, query: "SELECT 1 AS id, \(value) AS age") { $0.restarts = true }
      }
      #expect(error?.hint?.contains("cast") == true, "\(value)")
    }
    try fixture.base.run(
      """
      CREATE TABLE keyed (g INT, k0 TINYINT, k1 BIGINT UNSIGNED, k2 VARCHAR(9) CHARACTER SET latin1, k3 DATE,
        k4 DATETIME(6), k5 TIMESTAMP(3) NULL, k6 ENUM('\((1...20).map { "é\($0)" }.joined(separator: "', '"))'))
      """,
      "INSERT INTO keyed SELECT seq, CAST(seq AS INTEGER) - 10, seq << 40, concat('é', seq), '2026-01-01' + INTERVAL seq DAY, "
        + "'1999-12-31 23:59:59.999999' + INTERVAL seq MICROSECOND, '2026-01-01' + INTERVAL seq SECOND, seq "
        + "FROM seq_1_to_20")
    for number in 0...6 {
      try await score(fixture, query: "SELECT k\(number) AS id, g AS age FROM keyed", into: "t\(number)")
      let lost = try fixture.base.query(
        "SELECT count(*), count(DISTINCT id) FROM keyed JOIN t\(number) ON t\(number).id = k\(number)")
      #expect(lost == [["20", "20"]], "k\(number)")
    }
    // Equal for the collation, and not the same.
    try fixture.base.run(
      "CREATE TABLE names (id VARCHAR(5) CHARACTER SET latin1 COLLATE latin1_swedish_ci, age INT)",
      "INSERT INTO names VALUES ('a', 1), ('A', 1), ('b', 99)")
    for batch in [1, 10] {
      let report = try await fixture.score(query: "SELECT * FROM names") { ($0.into, $0.batch) = ("n\(batch)", batch) }
      #expect(report.rows == 3)
    }
  }
}
