import OpzDatabase
import OpzIO
import OpzSQL

/// MariaDB's and MySQL's tables of what there is. Statements that make tables commit what was done before.
struct MariaDBCatalog: RelationCatalog {
  let connection: any DatabaseConnection
  let dialect: SQLDialect

  private func isNamed(_ name: TableName) -> String {
    "table_schema = \(dialect.literal(name.parts[0])) AND table_name = \(dialect.literal(name.last))"
  }

  func currentSchema() throws -> String {
    try connection.firstColumn(of: "SELECT DATABASE()").first ?? ""
  }

  func primaryKey(of table: TableName) throws -> [String] {
    try connection.firstColumn(
      of: "SELECT column_name FROM information_schema.statistics WHERE \(isNamed(table)) "
        + "AND index_name = 'PRIMARY' ORDER BY seq_in_index")
  }

  func relation(_ name: TableName) throws -> InstalledRelation? {
    let row = try connection.rows(
      of: "SELECT table_type, engine FROM information_schema.tables WHERE \(isNamed(name))"
    ).first
    guard let row, row.count == 2 else { return nil }
    let isView = row[0]?.hasSuffix("VIEW") == true
    return InstalledRelation(isView: isView, isTransactional: isView || row[1]?.lowercased() == "innodb")
  }

  /// A lock of the server by a name: of at most 64 characters.
  private func lock(_ names: InstallNames) -> String {
    dialect.literal("opz:" + Digest.of(Array(names.schema.utf8)).hex.prefix(32))
  }

  func opening(_ names: InstallNames, wait: Int) -> [String] {
    ["DO GET_LOCK(\(lock(names)), \((wait + 999) / 1000))", beginning]
  }

  var beginning: String { "START TRANSACTION" }
  var isDefiningCommitting: Bool { true }

  func isOpened(_ names: InstallNames) throws -> Bool {
    try connection.firstColumn(of: "SELECT IS_USED_LOCK(\(lock(names))) = CONNECTION_ID()") == ["1"]
  }

  func closing(_ names: InstallNames) -> [String] { ["DO RELEASE_LOCK(\(lock(names)))"] }
}
