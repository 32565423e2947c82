import OpzDatabase
import OpzSQL

/// SQLite's schema, in which a view finds others by their names whenever it is read.
struct SQLiteCatalog: InstallCatalog {
  let connection: any DatabaseConnection
  let dialect: SQLDialect

  private func schema(_ name: TableName) -> String { name.parts.count > 1 ? name.parts[0] : "main" }

  private func table(_ name: TableName) -> String {
    "\(dialect.quoted(schema(name))).sqlite_schema"
  }

  /// Names are the same whatever the case of their letters.
  private func isNamed(_ column: String, _ name: TableName) -> String {
    "\(column) = \(dialect.literal(name.last)) COLLATE NOCASE"
  }

  private func information(_ name: TableName) -> String {
    "pragma_table_info(\(dialect.literal(name.last)), \(dialect.literal(schema(name))))"
  }

  func currentSchema() -> String { "main" }

  func primaryKey(of table: TableName) throws -> [String] {
    try connection.firstColumn(of: "SELECT name FROM \(information(table)) WHERE pk > 0 ORDER BY pk")
  }

  func relation(_ name: TableName) throws -> InstalledRelation? {
    try connection.firstColumn(of: "SELECT type FROM \(table(name)) WHERE \(isNamed("name", name))").first.map {
      InstalledRelation(isView: $0 == "view")
    }
  }

  func columns(of view: TableName) throws -> [InstalledColumn] {
    try connection.firstColumn(of: "SELECT name FROM \(information(view)) ORDER BY cid").map {
      InstalledColumn(name: $0, type: "")
    }
  }

  /// The stable name's view is opz's own text, which ends with what it reads; in a migration without a schema.
  func isReading(_ view: TableName, _ other: TableName) throws -> Bool {
    let text = try connection.firstColumn(
      of: "SELECT sql FROM \(table(view)) WHERE type = 'view' AND \(isNamed("name", view))"
    ).first
    let names = [other.text(dialect), dialect.quoted(other.last)]
    return try relation(other)?.isView == true && names.contains { text?.hasSuffix("FROM \($0)") == true }
  }

  func opening(_ names: InstallNames, wait: Int) -> [String] {
    ["PRAGMA busy_timeout = \(wait)", "BEGIN IMMEDIATE"]
  }

  func inheriting(_ view: TableName, from before: TableName?, stable: InstalledRelation?) -> [String] { [] }

  /// Triggers of a view are gone with it.
  func restoring(_ view: TableName) throws -> [String] {
    try connection.firstColumn(
      of: "SELECT sql FROM \(table(view)) WHERE type = 'trigger' AND \(isNamed("tbl_name", view)) ORDER BY rowid")
  }

  /// Compiles it. To read one row, SQLite would score all of them, while others wait.
  func proving(_ view: TableName) -> String { "EXPLAIN QUERY PLAN SELECT * FROM \(view.text(dialect))" }

  /// The views that no longer compile once these are dropped, which is undone.
  func dependents(on views: [TableName]) throws -> [String] {
    let schema = views.first.map(schema) ?? "main"
    let own = Set(views.map { $0.last.lowercased() })
    let others = try connection.firstColumn(
      of: "SELECT name FROM \(dialect.quoted(schema)).sqlite_schema WHERE type = 'view' ORDER BY name")
    let working = others.filter { !own.contains($0.lowercased()) && isWorking($0, in: schema) }
    try connection.run("SAVEPOINT opz_dependents")
    defer {
      try? connection.run("ROLLBACK TO opz_dependents")
      try? connection.run("RELEASE opz_dependents")
    }
    for view in views where try relation(view)?.isView == true {
      try connection.run("DROP VIEW \(view.text(dialect))")
    }
    return working.filter { !isWorking($0, in: schema) }
  }

  private func isWorking(_ view: String, in schema: String) -> Bool {
    let name = "\(dialect.quoted(schema)).\(dialect.quoted(view))"
    return (try? connection.run("EXPLAIN QUERY PLAN SELECT * FROM \(name)")) != nil
  }
}
