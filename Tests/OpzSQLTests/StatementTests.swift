import OpzJSON
import OpzModel
import OpzTestKit
import Testing

@testable import OpzSQL

@Suite("Statements")
struct StatementTests {
  /// A stump over one input.
  private static func stump(_ input: String = "age", levels: Int = 1, count: Int = 1) throws -> Model {
    var trees = TreeEnsembleBuilder(name: "test", columns: 1, groups: 1, inputs: .float32, sums: .float32)
    let nodes = levels * 2 + 1
    for _ in 0..<count {
      try trees.addTree(nodes: nodes, group: 0) { index in
        guard index % 2 == 0, index < nodes - 1 else { return .leaf(number: index, value: 0.5) }
        let split = TreeEnsemble.Node(
          column: 0, test: .less, threshold: Double(index), missing: .nan, missingGoesLeft: true)
        return .split(split, left: index + 1, right: index + 2)
      }
    }
    var builder = try ModelBuilder(name: "test", inputs: [Model.Input(name: input, kind: .number(.float32))])
    let matrix = try builder.add(.inputs([0]))
    let sum = try builder.add(.trees(try trees.finish()), [matrix])
    try builder.addOutput(.margin, sum)
    builder.objective = "test"
    return try builder.finish()
  }

  @Test("the text of a stump for PostgreSQL")
  func golden() throws {
    var options = ModelSQL.Options()
    options.keys = ["id"]
    options.source = try SourceRelation(table: "crm.customers")
    options.title = "stump@1.0.0"
    let text = try ModelSQL(try Self.stump(), .postgresql, options: options).statement().text
    #expect(
      text == """
        -- stump@1.0.0 (test)
        -- SQL for postgresql 12 and later
        -- 1 trees, shape nested
        WITH step0 AS (
          SELECT
            "id" AS "v3",
            NULLIF(CAST("age" AS double precision), 'NaN'::float8) AS "v1"
          FROM "crm"."customers"),
        step1 AS (
          SELECT
            "v3",
            ('0.0e0'::real
            + CASE WHEN ("v1" >= '-7.00649232162408535e-46'::float8) THEN '0.5e0'::real ELSE '0.5e0'::real END) AS "v2"
          FROM step0 OFFSET 0)
        SELECT
          "v3" AS "id",
          "v2" AS "margin"
        FROM step1;

        """)
  }

  @Test("trees deeper than the database's CASE are flat, and are refused where nested ones are asked for")
  func depth() throws {
    let model = try Self.stump(levels: 40)
    let flat = try ModelSQL(model, .sqlserver).statement()
    #expect(flat.shape == .flat && flat.reason.contains("10 levels"))
    var options = ModelSQL.Options()
    options.shape = .nested
    #expect(throws: SQLError.self) { try ModelSQL(model, .sqlserver, options: options).statement() }
    #expect(try ModelSQL(model, .postgresql, options: options).statement().shape == .nested)
  }

  @Test("a tree of 20,000 levels ends in a refusal or a text, not in a trap", arguments: SQLDialect.all.map(\.name))
  func veryDeep(dialect: String) throws {
    let model = try Self.stump(levels: 20_000)
    do {
      #expect(try ModelSQL(model, try .named(dialect)).statement().text.utf8.count > 1000)
    } catch let error as SQLError {
      #expect(error.code == .tooLarge && error.hint != nil, "\(error)")
    }
  }

  @Test("hostile names and texts stay names and texts", arguments: SQLDialect.all.map(\.name))
  func hostile(dialect: String) throws {
    let dialect = try SQLDialect.named(dialect)
    for name in ["a\"b", "a`b", "a]b", "a'b", "a\\", "--", "/*", "a;DROP TABLE x", "日本", "{{ x }}", "a\nb"] {
      var options = ModelSQL.Options()
      options.keys = ["k\(name)"]
      options.form = .dbt
      options.title = name
      let text = try ModelSQL(try Self.stump(name), dialect, options: options).statement().text
      #expect(text.contains(dialect.quoted("k").dropLast()), "\(name)")
      let header = text.split(separator: "\n").prefix { $0.hasPrefix("--") }
      #expect(header.count >= 3, "\(name): a line of the header would be SQL")
      #expect(!name.contains("{") || !text.contains("{{ x }}"), "a template of dbt")
    }
  }

  @Test(
    "each form is the same query with what stands around it", arguments: ModelSQL.Form.allCases,
    SQLDialect.all.map(\.name))
  func forms(form: ModelSQL.Form, dialect: String) throws {
    let dialect = try SQLDialect.named(dialect)
    var options = ModelSQL.Options()
    options.keys = ["id"]
    options.source = try SourceRelation(table: "crm.customers")
    options.target = "scoring.churn"
    let query = try ModelSQL(try Self.stump(), dialect, options: options).statement().text
    options.form = form
    guard form != .table || dialect.createsTableAs else {
      #expect { try ModelSQL(try Self.stump(), dialect, options: options) } throws: { error in
        (error as? SQLError)?.hint?.contains("SELECT * INTO") == true
      }
      return
    }
    let text = try ModelSQL(try Self.stump(), dialect, options: options).statement().text
    let start = try #require(query.range(of: "WITH ")?.lowerBound)
    let (header, body) = (query[..<start], query[start...])
    let name = "\(dialect.quoted("scoring")).\(dialect.quoted("churn"))"
    switch form {
    case .select: #expect(text == query && body.hasSuffix(";\n"))
    case .view: #expect(text == "\(header)CREATE VIEW \(name) AS\n\(body)")
    case .table where dialect.name == "clickhouse":
      #expect(text == "\(header)CREATE TABLE \(name) ENGINE = MergeTree ORDER BY tuple() AS\n\(body)")
    case .table: #expect(text == "\(header)CREATE TABLE \(name) AS\n\(body)")
    case .dbt:
      let table = "\(dialect.quoted("crm")).\(dialect.quoted("customers"))"
      #expect(text == header + body.dropLast(2).replacing(table, with: "{{ source('crm', 'customers') }}") + "\n")
    }
  }

  @Test("dbt names one of its models, or a source's table; it has no third part")
  func dbt() throws {
    var options = ModelSQL.Options()
    options.keys = ["id"]
    options.form = .dbt
    options.source = try SourceRelation(table: "it's")
    #expect(
      try ModelSQL(try Self.stump(), .duckdb, options: options).statement().text.contains("FROM {{ ref('it\\'s') }}"))
    options.source = try SourceRelation(table: "crm.\"my customers\"")
    let text = try ModelSQL(try Self.stump(), .duckdb, options: options).statement().text
    #expect(text.contains("FROM {{ source('crm', 'my customers') }}"))
    options.source = try SourceRelation(table: "db.crm.customers")
    #expect { try ModelSQL(try Self.stump(), .duckdb, options: options) } throws: { error in
      (error as? SQLError)?.reason.contains("3 parts") == true
    }
  }

  @Test("a name of three parts is refused where the database has no catalogs", arguments: SQLDialect.all.map(\.name))
  func catalogs(dialect: String) throws {
    let dialect = try SQLDialect.named(dialect)
    var options = ModelSQL.Options()
    options.source = try SourceRelation(table: "a.b.c")
    let isRefused = (try? ModelSQL(try Self.stump(), dialect, options: options)) == nil
    #expect(isRefused == ["sqlite", "mysql", "mariadb", "oracle", "clickhouse"].contains(dialect.name))
  }

  @Test("names that the database would cut, and columns that would be there twice, are refused")
  func names() throws {
    var options = ModelSQL.Options()
    options.keys = ["id", "ID"]
    #expect(throws: SQLError.self) { try ModelSQL(try Self.stump(), .postgresql, options: options).statement() }
    options.keys = ["margin"]
    #expect(throws: SQLError.self) { try ModelSQL(try Self.stump(), .postgresql, options: options).statement() }
    let long = try Self.stump(String(repeating: "x", count: 64))
    #expect(throws: SQLError.self) { try ModelSQL(long, .postgresql) }
    options = ModelSQL.Options()
    options.columns = try long.columnNames(["\(String(repeating: "x", count: 64))=x"])
    #expect(try ModelSQL(long, .postgresql, options: options).statement().text.contains("\"x\""))
    options.columns = [0: ""]
    #expect(throws: SQLError.self) { try ModelSQL(long, .postgresql, options: options) }
    options = ModelSQL.Options()
    options.form = .view
    #expect(throws: SQLError.self) { try ModelSQL(try Self.stump(), .postgresql, options: options) }
  }

  @Test(
    "a table's name may have a schema and any character",
    arguments: [
      ("a", ["a"]), ("a.b", ["a", "b"]), ("\"a.b\".c", ["a.b", "c"]), ("\"a\"\"b\"", ["a\"b"]),
      ("a.b.c", ["a", "b", "c"]),
    ])
  func tables(text: String, parts: [String]) throws { #expect(try TableName(parsing: text).parts == parts) }

  @Test(
    "what is no table's name is refused", arguments: ["", ".", "a.", ".a", "\"a", "a\"b", "a.b.c.d", "\"\"", "\"a\"b"])
  func noTables(text: String) { #expect(throws: SQLError.self) { try TableName(parsing: text) } }

  @Test("what an engine does in its own way is written so that it does what others do")
  func engines() throws {
    func text(_ dialect: SQLDialect, _ expression: SQLExpression) -> String {
      var writer = SQLWriter(dialect)
      writer.write(expression, indent: 0)
      return writer.text
    }
    let x = SQLExpression.column("x")
    #expect(text(.clickhouse, .isOne(of: [.number(1)], x)) == "((`x` + 0.0e0) IN (1.0e0))")
    #expect(text(.clickhouse, .isNone(of: [.text("a")], x)) == "(`x` NOT IN ('a'))")
    #expect(
      text(.spark, .call(.floor, [x]))
        == "CASE WHEN ABS(`x`) < 4503599627370496e0D THEN CAST(FLOOR(`x`) AS DOUBLE) ELSE `x` END")
    #expect(text(.duckdb, .bytes(x)) == "CAST(\"x\" AS VARCHAR) COLLATE \"binary\"")
    #expect(
      try ModelSQL(try Self.stump(count: 2), .clickhouse).statement().text
        .contains("CAST((CAST((0.0e0\n"))
  }

  @Test("a text that ClickHouse reads with other settings alone says which")
  func settings() throws {
    let short = try ModelSQL(try Self.stump(), .clickhouse).statement().text
    #expect(!short.contains("max_query_size"))
    let long = try ModelSQL(try Self.stump(count: 4000), .clickhouse).statement().text
    #expect(long.utf8.count > 262_144 && long.contains("SET max_query_size = 1000000, max_ast_elements = 1000000"))
    let unlimited = try ModelSQL(try Self.stump(count: 4000), .duckdb).statement().text
    #expect(!unlimited.contains("max_query_size"))
  }

  @Test("a dialect is found by its name and a version that is not too old")
  func dialects() throws {
    #expect(try SQLDialect.named("postgresql:15").name == "postgresql")
    #expect(try SQLDialect.named("databricks").name == "spark")
    for name in ["postgresql:9.6", "postgresql:x", "db2", "", "postgresql:"] {
      #expect(throws: SQLError.self, "\(name)") { try SQLDialect.named(name) }
    }
  }
}
