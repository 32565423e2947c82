import OpzDatabase
import OpzIO
import OpzModel
import OpzRegistry
import OpzTestKit
import SystemPackage

@testable import OpzFlow

/// Scores of the customers of `InstallFixture`, in a table `scores`.
struct ScoreFixture: Sendable {
  let base: InstallFixture

  init(_ engine: String, rows: Int = 200) async throws { base = try await InstallFixture(engine, rows: rows) }

  static func request(_ version: Registry.Version? = nil, query: String = "SELECT * FROM customers")
    -> ScoreTable.Request
  {
    var request = ScoreTable.Request(
      query: query, into: "scores", keys: ["id"], title: version.map { "\($0.record.reference)" } ?? "stump.json")
    request.version = version
    request.batch = 64
    return request
  }

  @discardableResult
  func score(
    _ threshold: Float = 40, _ version: Registry.Version? = nil, query: String = "SELECT * FROM customers",
    as role: String? = nil, stop: @escaping @Sendable () -> Bool = { false },
    before: @escaping @Sendable (String) throws -> Void = { _ in },
    change: (inout ScoreTable.Request) -> Void
  ) async throws -> ScoreReport {
    var request = Self.request(version, query: query)
    request.identity = ["\(threshold)"]
    change(&request)
    var table = ScoreTable(Scorer(try InstallFixture.stump(threshold)), request, in: base.project.session)
    table.beforeStatement = before
    return try await table.run(base.url(as: role), isStopping: stop)
  }

  @discardableResult
  func score(
    _ threshold: Float = 40, query: String = "SELECT * FROM customers", as role: String? = nil
  ) async throws -> ScoreReport {
    try await score(threshold, nil, query: query, as: role) { _ in }
  }

  /// What the table has for each row, by the key.
  func margins(of table: String = "scores") throws -> [Double?] {
    try base.query("SELECT id, margin FROM \(table) ORDER BY id").map { $0[1].flatMap { Double($0) } }
  }

  func keys() throws -> [String?] { try base.query("SELECT id FROM scores ORDER BY id").map { $0[0] } }
}
