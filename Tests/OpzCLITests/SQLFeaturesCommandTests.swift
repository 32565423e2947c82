import OpzIO
import OpzTestKit
import Testing

@Suite("A project's query in opz sql and opz score")
struct SQLFeaturesCommandTests {
  private let opz: Command

  init() throws {
    opz = try Command()
    try opz.directory.write("p/model.json", HandMadeModel.json())
    try opz.directory.write("p/opz.yaml", "opz: 1\nname: m\nmodel: {path: model.json}\nruntime: {kind: native}\n")
    try opz.directory.write("p/features.sql", "SELECT id, x AS a, y AS b FROM visits -- both\n")
    let script = """
      import sqlite3
      database = sqlite3.connect("crm.db")
      database.execute("CREATE TABLE visits (id INTEGER PRIMARY KEY, x REAL, y REAL)")
      database.executemany("INSERT INTO visits VALUES (?, ?, ?)", [(i, i / 7 - 1, i / 3) for i in range(20)])
      database.commit()
      """
    let made = try ChildProcess.run(["/usr/bin/env", "python3", "-c", script], directory: opz.directory.path)
    #expect(made.status == 0, "\(made.errorText)")
  }

  @Test("each command reads from it where no table is named")
  func commands() throws {
    let database = ["--database", "sqlite:crm.db"]
    let text = try opz.run(["sql", "p", "--dialect", "sqlite", "--key", "id"])
    #expect(text.status == 0 && text.text.contains("SELECT id, x AS a, y AS b FROM visits"), "\(text.errorText)")
    let other = try opz.run(["sql", "p", "--dialect", "sqlite", "--key", "id", "--table", "visits"])
    #expect(other.status == 0 && !other.text.contains("x AS a"))
    let check = try opz.run(["sql", "check", "p"] + database)
    #expect(check.status == 0 && check.text.contains("20 rows"), "\(check.errorText)")
    let verified = try opz.run(["sql", "verify", "p", "--html", "report.html"] + database)
    #expect(verified.status == 0 && verified.text.contains("the features' query, 20 rows"), "\(verified.errorText)")
    let page = try FileBlob(opz.directory.path.appending("report.html")).bytes()
    #expect(String(decoding: page, as: UTF8.self).hasPrefix("<!doctype html>"))
    let scored = try opz.run(["score", "p", "--key", "id", "--into", "scores"] + database)
    #expect(scored.status == 0 && scored.errorText.contains("20 rows into scores"), "\(scored.errorText)")
    let installed = try opz.run(["sql", "install", "p", "--key", "id", "--name", "score"] + database)
    #expect(installed.status == 0, "\(installed.errorText)")
  }

  @Test("what is missing or too much is said")
  func refused() throws {
    let database = ["--database", "sqlite:crm.db"]
    for (arguments, text) in [
      (["score", "p/model.json", "--key", "id", "--into", "s"] + database, "--query SELECT is missing"),
      (["sql", "check", "p/model.json"] + database, "--table TABLE is missing"),
      (["sql", "install", "p/model.json", "--name", "n"] + database, "--table TABLE is missing"),
      (["sql", "check", "p", "--table", "visits", "--features", "p/features.sql"] + database, "one of the two"),
      (["score", "p", "--input", "x.csv", "--into", "s", "--key", "id"] + database, "exclude each other"),
    ] {
      let result = try opz.run(arguments)
      #expect(result.status == 64 && result.errorText.contains(text), "\(arguments) \(result.errorText)")
    }
    let wrong = try opz.run(["sql", "check", "p", "--table", "visits"] + database)
    #expect(wrong.status == 4 && wrong.errorText.contains("there is no column a"), "\(wrong.errorText)")
  }
}
