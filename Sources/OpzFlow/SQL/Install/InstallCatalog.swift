import OpzSQL

/// A view or table that a database has.
struct InstalledRelation: Hashable {
  /// Whether it is a view, and nothing else.
  let isView: Bool
  /// Its owner, where it is another than the connection's role.
  var otherOwner: String?
  /// Whether what is written to it can be undone.
  var isTransactional = true
  /// What stands in `WITH` of its definition: `security_invoker=true`.
  var options: [String] = []
}

/// A column of a view.
struct InstalledColumn: Hashable {
  let name: String
  /// As the database writes it; empty where columns of views have no types.
  let type: String
}

/// What a database knows of its tables and views, and the transaction in which opz makes them.
protocol RelationCatalog {
  /// The schema of names without one; empty where nothing has to be said.
  func currentSchema() throws -> String
  /// The columns of a table's primary key.
  func primaryKey(of table: TableName) throws -> [String]
  /// A view or table; nil if the name means nothing.
  func relation(_ name: TableName) throws -> InstalledRelation?
  /// The statements that begin a transaction in which nobody else installs in the schema.
  /// - Parameter wait: the longest time to wait for others, in milliseconds.
  func opening(_ names: InstallNames, wait: Int) -> [String]
  /// Whether these statements had the effect: some databases only say so.
  func isOpened(_ names: InstallNames) throws -> Bool
  /// The statements that let others in again, where the end of the transaction does not.
  func closing(_ names: InstallNames) -> [String]
  /// Whether a statement that makes a table ends the transaction, so that `beginning` has to follow it.
  var isDefiningCommitting: Bool { get }
  /// Begins a transaction.
  var beginning: String { get }
}

extension RelationCatalog {
  func isOpened(_ names: InstallNames) throws -> Bool { true }
  func closing(_ names: InstallNames) -> [String] { [] }
  var isDefiningCommitting: Bool { false }
  var beginning: String { "BEGIN" }
}

/// What a database knows of its views, which change in one transaction.
protocol InstallCatalog: RelationCatalog {
  /// The columns of a view.
  func columns(of view: TableName) throws -> [InstalledColumn]
  /// Whether a view reads another.
  func isReading(_ view: TableName, _ other: TableName) throws -> Bool

  /// The statements that give a new view what its predecessor has: the owner and those who may read it.
  func inheriting(_ view: TableName, from before: TableName?, stable: InstalledRelation?) throws -> [String]
  /// The statements that make again what is gone with a view that is replaced.
  func restoring(_ view: TableName) throws -> [String]
  /// A statement that fails if the view cannot be read.
  func proving(_ view: TableName) -> String
  /// Other views that would not work without these, as the database writes them.
  func dependents(on views: [TableName]) throws -> [String]
}
