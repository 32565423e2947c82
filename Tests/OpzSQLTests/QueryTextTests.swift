import Testing

@testable import OpzSQL

@Suite("A query that a user wrote")
struct QueryTextTests {
  @Test(
    "ends where its statement does",
    arguments: [
      ("SELECT 1", "SELECT 1"), ("SELECT 1;", "SELECT 1"), ("SELECT 1 ; \n; -- x;", "SELECT 1 "),
      ("SELECT ';' , \";\" /* ; */ -- ;\n, 2;", "SELECT ';' , \";\" /* ; */ -- ;\n, 2"),
      ("SELECT 'it''s;'", "SELECT 'it''s;'"), ("SELECT 'a\\';", "SELECT 'a\\'"),
    ], ["postgresql", "sqlite"])
  func ends(text: (String, String), dialect: String) throws {
    #expect(try QueryText(parsing: text.0, SQLDialect.named(dialect)).text == text.1)
  }

  @Test("PostgreSQL has texts in dollars, escapes and nested comments")
  func postgres() throws {
    let dialect = try SQLDialect.named("postgresql")
    for text in [
      "SELECT $$;$$", "SELECT $a$;$$;$a$", "SELECT E'a\\';b'", "SELECT /* /* ; */ ; */ 1", "SELECT a$b FROM t",
    ] {
      #expect(try QueryText(parsing: text + ";", dialect).text == text)
    }
  }

  @Test("SQLite has names in brackets and backticks")
  func sqlite() throws {
    let text = "SELECT [a;b], `c;d` FROM t"
    #expect(try QueryText(parsing: text + ";", SQLDialect.named("sqlite")).text == text)
  }

  @Test("MariaDB has escapes in both quotes, names in backticks, and two kinds of comments")
  func mariaDB() throws {
    let dialect = try SQLDialect.named("mariadb")
    for text in [
      #"SELECT 'a\';b'"#, #"SELECT "a\";b""#, "SELECT `a;b`", "SELECT 5--3", "SELECT 1 # ;\n, 2", "SELECT 1 -- ;\n, 2",
    ] {
      #expect(try QueryText(parsing: text + ";", dialect).text == text)
    }
    #expect(throws: SQLError.self) { try QueryText(parsing: "SELECT [a; SELECT 2]", dialect) }
    #expect(throws: SQLError.self) { try QueryText(parsing: "SELECT 5--;\nSELECT 2", dialect) }
  }

  @Test(
    "more than one statement, or none, is refused",
    arguments: ["", " ", ";", "-- a", "/* a */", ";SELECT 1", "SELECT 1; SELECT 2", "SELECT 1;;x", "SELECT\01"],
    ["postgresql", "sqlite"])
  func refused(text: String, dialect: String) throws {
    #expect(throws: SQLError.self) { try QueryText(parsing: text, SQLDialect.named(dialect)) }
  }
}
