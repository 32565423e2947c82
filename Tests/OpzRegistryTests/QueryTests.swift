import OpzIO
import OpzOCI
import OpzRegistry
import Testing

@Suite("Queries")
struct QueryTests {
  static let fields: [String: [QueryValue]] = [
    "version": [.version(SemanticVersion("1.10.0")!)], "metrics.auc": [.number(0.91)], "metrics.f1": [.number(0.5)],
    "tag.team": [.text("crm")], "tag.year": [.text("2026")], "alias": [.text("production"), .text("champion")],
    "created": [.text("2026-05-03T14:02:00Z")], "git.dirty": [.bool(false)],
  ]

  static func holds(_ text: String) throws -> Bool {
    try VersionQuery(parsing: text).matches { fields[$0.joined(separator: ".")] ?? [] }
  }

  @Test(
    "queries that match",
    arguments: [
      "metrics.auc > 0.9", "metrics.auc>=0.91", "metrics.auc = 9.1e-1", "version > \"1.9.0\"", "version <= '1.10.0'",
      "tag.team = \"crm\"", "tag.team like 'C%'", "tag.team like \"_r_\"", "tag.team not like 'x%'",
      "alias = 'champion'",
      "alias in ('a', 'production')", "alias not in ('a')", "metrics.loss is null", "metrics.auc is not null",
      "tag.year = 2026",
      "metrics.auc > 0.9 and (tag.team = \"crm\" or alias = \"production\")", "not metrics.auc < 0.9",
      "not not tag.team = 'crm'",
      "metrics.auc > 1 or tag.team = 'crm' and metrics.f1 < 1", "created > \"2026-05\"", "git.dirty = false",
      "`metrics`.`auc` > 0",
      "METRICS.auc IS NULL", "tag.team != 'x'", "alias != 'x'", "((((tag.team='crm'))))", "tag.team like '%%%m'",
    ])
  func hold(_ text: String) throws { #expect(try Self.holds(text)) }

  @Test(
    "queries that do not match",
    arguments: [
      "metrics.auc > 0.91", "version < \"1.9.0\"", "tag.team = 'CRM'", "metrics.loss < 1", "metrics.loss != 1",
      "alias = 'x'",
      "alias != 'champion'", "tag.team = 'crm' and metrics.f1 > 1", "version = 'text'", "metrics.auc = 'x'",
      "git.dirty = true",
      "tag.team like 'c'", "not (tag.team = 'crm')",
    ])
  func fail(_ text: String) throws { #expect(try !Self.holds(text)) }

  @Test(
    "errors point at the column",
    arguments: [
      ("", 1), ("metrics.auc >", 14), ("metrics.auc > x", 15), ("auc 0.9", 5), ("a = 1 and", 10), ("(a = 1", 7),
      ("a = 1)", 6),
      ("a = 'x", 5), ("a ! 1", 3), ("a in 1", 6), ("a in (1 2)", 9), ("a like 1", 8), ("a is 1", 6), ("a = 1.2.3", 5),
      ("a = 0x10", 5),
      ("and = 1", 1), ("a. = 1", 4), ("a = 1 b = 2", 7), ("a not = 1", 7), ("a = #", 5), ("a = nan", 5),
      ("a = 1e999", 5),
    ])
  func errors(_ text: String, _ column: Int) throws {
    let error = #expect(throws: QueryError.self) { try VersionQuery(parsing: text) }
    #expect(error?.column == column, "\(error?.reason ?? "")")
    #expect(error?.category == .usage)
  }

  @Test("hostile queries quickly give an error or a result")
  func hostile() throws {
    #expect(throws: QueryError.self) { try VersionQuery(parsing: String(repeating: "(", count: 9_000)) }
    #expect(throws: QueryError.self) { try VersionQuery(parsing: String(repeating: "a", count: 20_000)) }
    #expect(try VersionQuery(parsing: String(repeating: "not ", count: 2_000) + "a = 1").matches { _ in [] } == false)
    let pattern = String(repeating: "%a", count: 2_000)
    let query = try VersionQuery(parsing: "a like '\(pattern)b'")
    #expect(!query.matches { _ in [.text(String(repeating: "a", count: 2_000))] })
    var random = SplitMix(seed: 7)
    let pieces = [
      "a", ".", "(", ")", "and", "or", "not", "in", "like", "is", "null", "=", "<", "'x'", "1", ",", "`", "\u{0}", "é",
      "-",
    ]
    for _ in 0..<5_000 {
      let text = (0..<Int(random.next() % 12)).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }.joined(
        separator: " ")
      _ = try? VersionQuery(parsing: text)
    }
  }

  @Test("a search filters, sorts by type and stops at the limit; an impossible field is an error")
  func search() async throws {
    let fixture = try RegistryFixture()
    for (index, version) in ["1.2.0", "1.10.0", "1.9.0", "2.0.0-rc.2", "2.0.0-rc.10", "2.0.0"].enumerated() {
      var record = try fixture.record("churn", version, content: version)
      record.lineage.metrics = .object([
        "auc": .number(0.8 + Double(index) / 100), "by.segment": .object(["a": .integer(Int64(index))]),
      ])
      let number = SemanticVersion(version)!
      let final = record
      _ = try fixture.registry.record(try ModelName("churn"), by: Author(actor: "t")) { _ in .new(final, number) }
    }
    func search(_ query: String?, sort: [String] = [], limit: Int = 100) async throws -> [String] {
      try await fixture.registry.search(
        nil, where: query.map { try VersionQuery(parsing: $0) }, sort: sort.map { try Registry.SortKey(parsing: $0) },
        limit: limit
      ).map(\.version.version.description)
    }
    #expect(try await search(nil) == ["2.0.0", "2.0.0-rc.10", "2.0.0-rc.2", "1.10.0", "1.9.0", "1.2.0"])
    #expect(try await search(nil, sort: ["version"], limit: 4) == ["1.2.0", "1.9.0", "1.10.0", "2.0.0-rc.2"])
    #expect(try await search("metrics.auc > 0.815", sort: ["-metrics.auc"], limit: 2) == ["2.0.0", "2.0.0-rc.10"])
    #expect(try await search("metrics.by.segment.a = 1") == ["1.10.0"])
    #expect(try await search("version > '2.0.0-rc.2' and tag.team = 'crm'") == ["2.0.0", "2.0.0-rc.10"])
    await #expect(throws: RegistryError.self) { try await search("metric.auc > 1") }
    await #expect(throws: RegistryError.self) { try await search(nil, sort: ["-nothing"]) }
  }
}
