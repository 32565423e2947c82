import OpzModel
import Testing

@testable import OpzSQL

@Suite("A query that makes the columns")
struct FeatureQueryTests {
  @Test(
    "what ends a query is left out, and what is in it stays",
    arguments: [
      ("SELECT 1", "SELECT 1"), ("\u{FEFF}\n SELECT 1 ;\n; \n", "SELECT 1"),
      ("SELECT a -- the age\nFROM t -- all", "SELECT a -- the age\nFROM t -- all"),
    ])
  func ends(_ text: String, query: String) throws {
    #expect(try FeatureQuery(text, subject: "features.sql").text == query)
  }

  @Test(
    "a second statement, however it is hidden, and what is no query",
    arguments: [
      "", " ;\n", "SELECT 1; DROP TABLE t", "SELECT 'a\\''; DROP TABLE t; --'", "SELECT $$'$$; DROP TABLE t; $$'$$",
      "SELECT 1 -- a;b\n FROM t", "SELECT 1 /* ; */", "SELECT ';'", "SELECT 1\u{0}",
      String(repeating: "x", count: FeatureQuery.limit + 1),
    ])
  func refused(_ text: String) {
    let error = #expect(throws: SQLError.self) { _ = try FeatureQuery(text, subject: "features.sql") }
    #expect(error?.subject == "features.sql")
  }

  @Test("the line of a semicolon is said")
  func line() {
    let error = #expect(throws: SQLError.self) { _ = try FeatureQuery("SELECT 1\n;\nSELECT 2", subject: "f") }
    #expect(error?.reason.contains("line 2") == true)
  }

  private func statement(_ dialect: String, _ query: String, as form: ModelSQL.Form = .select) throws -> String {
    var builder = try ModelBuilder(name: "test", inputs: [Model.Input(name: "age", kind: .number(.float64))])
    try builder.addOutput(.prediction, try builder.add(.inputs([0])))
    var options = ModelSQL.Options()
    options.source = .query(try FeatureQuery(query, subject: "features.sql"))
    options.keys = ["id"]
    options.form = form
    return try ModelSQL(try builder.finish(), SQLDialect.named(dialect), options: options).statement().text
  }

  @Test("the query stands in the table's place", arguments: SQLDialect.all.map(\.name))
  func composed(dialect: String) throws {
    let text = try statement(dialect, "SELECT id, age FROM t -- all")
    // A comment at its end does not take the parenthesis.
    #expect(text.contains("FROM (\nSELECT id, age FROM t -- all\n) "))
    #expect(text.contains(try SQLDialect.named(dialect).quoted("opz_features")))
  }

  @Test("a query that begins with WITH is refused where a subquery cannot")
  func nested() throws {
    for query in ["WITH a AS (SELECT 1) SELECT * FROM a", "-- first\n/* then */ with\na AS (SELECT 1) SELECT * FROM a"]
    {
      #expect(try statement("postgresql", query).contains(query))
      let error = #expect(throws: SQLError.self) { _ = try statement("sqlserver", query) }
      #expect(error?.hint?.contains("--table") == true)
    }
    #expect(try statement("sqlserver", "SELECT withdrawals FROM t").contains("withdrawals"))
  }

  @Test("braces of a query stay themselves in a model of dbt")
  func template() throws {
    #expect(try statement("duckdb", "SELECT id, {'a': 1}.a AS age FROM t", as: .dbt).contains("{{ '{' }}'a': 1}"))
  }
}
