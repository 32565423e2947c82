import OpzDatabase
import OpzIO
import OpzSQL

/// PostgreSQL's own tables of what there is.
struct PostgreSQLCatalog: InstallCatalog {
  let connection: any DatabaseConnection
  let dialect: SQLDialect

  /// A name as a value of the type `regclass`, which is an error if it means nothing.
  private func object(_ name: TableName) -> String { "\(dialect.literal(name.text(dialect)))::regclass" }

  func currentSchema() throws -> String {
    guard let schema = try connection.firstColumn(of: "SELECT current_schema()").first else {
      throw FlowError(
        .usage, "--name", reason: "no schema of the role's search_path exists", hint: "write SCHEMA.NAME")
    }
    return schema
  }

  func primaryKey(of table: TableName) throws -> [String] {
    try connection.firstColumn(
      of: """
        SELECT a.attname FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[])
        WHERE i.indrelid = \(object(table)) AND i.indisprimary ORDER BY array_position(i.indkey::int2[], a.attnum)
        """)
  }

  func relation(_ name: TableName) throws -> InstalledRelation? {
    let row = try connection.rows(
      of: """
        SELECT c.relkind = 'v', array_to_string(c.reloptions, ','),
          CASE WHEN pg_get_userbyid(c.relowner) <> current_user THEN pg_get_userbyid(c.relowner) END
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = \(dialect.literal(name.parts[0])) AND c.relname = \(dialect.literal(name.last))
        """
    ).first
    guard let row, row.count == 3 else { return nil }
    return InstalledRelation(
      isView: row[0] == "t", otherOwner: row[2], options: PostgreSQLCatalog.kept(row[1] ?? ""))
  }

  /// The options that a view keeps, in the words of this module: a check of what is written is for views that are
  /// written to.
  private static func kept(_ text: String) -> [String] {
    text.split(separator: ",").compactMap { option in
      let parts = option.split(separator: "=", maxSplits: 1).map { $0.lowercased() }
      guard let name = ["security_barrier", "security_invoker"].first(where: { $0 == parts[0] }) else { return nil }
      let isOn = parts.count < 2 || ["true", "on", "yes", "1"].contains(parts[1])
      return "\(name)=\(isOn)"
    }
  }

  func columns(of view: TableName) throws -> [InstalledColumn] {
    try connection.rows(
      of: """
        SELECT attname, format_type(atttypid, atttypmod) FROM pg_catalog.pg_attribute
        WHERE attrelid = \(object(view)) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
        """
    ).map { InstalledColumn(name: ($0.first ?? nil) ?? "", type: ($0.last ?? nil) ?? "") }
  }

  /// Rules of views that need an object; `r.ev_class` is the view.
  private static let rules = """
    FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_catalog.pg_rewrite'::regclass
    WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND r.ev_class <> d.refobjid
    """

  func isReading(_ view: TableName, _ other: TableName) throws -> Bool {
    guard try relation(view)?.isView == true, try relation(other)?.isView == true else { return false }
    return try !connection.rows(
      of:
        "SELECT 1 \(PostgreSQLCatalog.rules) AND r.ev_class = \(object(view)) AND d.refobjid = \(object(other)) LIMIT 1"
    ).isEmpty
  }

  /// Zero would be to wait without end. The lock is the transaction's: it is gone with it, whatever happens, and with a pool of connections too.
  func opening(_ names: InstallNames, wait: Int) -> [String] {
    let digest = Digest.of(Array("opz installs in \(names.schema)".utf8))
    let key = digest.bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return [
      // What is read behind the lock has to be what the last holder left.
      "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", "SET LOCAL lock_timeout = \(max(1, wait))",
      "SELECT pg_advisory_xact_lock(\(Int64(bitPattern: key)))",
    ]
  }

  /// A view reads with the rights of its owner, so the stable view's owner has to own what it reads.
  func inheriting(
    _ view: TableName, from before: TableName?, stable: InstalledRelation?
  ) throws -> [String] {
    var statements: [String] = []
    if let owner = stable?.otherOwner {
      statements.append("ALTER VIEW \(view.text(dialect)) OWNER TO \(dialect.quoted(owner))")
    }
    guard let before, try relation(before) != nil else { return statements }
    let readers = try connection.rows(
      of: """
        SELECT CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee) END
        FROM pg_catalog.pg_class c, LATERAL aclexplode(c.relacl) x
        WHERE c.oid = \(object(before)) AND x.privilege_type = 'SELECT' AND x.grantee <> c.relowner ORDER BY 1
        """)
    return statements
      + readers.map { row in
        let name = row.first.flatMap { $0 }.map(dialect.quoted) ?? "PUBLIC"
        return "GRANT SELECT ON \(view.text(dialect)) TO \(name)"
      }
  }

  /// `CREATE OR REPLACE VIEW` keeps all that the view has.
  func restoring(_ view: TableName) -> [String] { [] }

  /// Rights are checked when a view is read, and not when it is made.
  func proving(_ view: TableName) -> String { "SELECT * FROM \(view.text(dialect)) LIMIT 1" }

  func dependents(on views: [TableName]) throws -> [String] {
    let own = try views.filter { try relation($0) != nil }.map(object).joined(separator: ", ")
    guard !own.isEmpty else { return [] }
    return try connection.firstColumn(
      of: """
        SELECT DISTINCT r.ev_class::regclass::text \(PostgreSQLCatalog.rules)
        AND d.refobjid IN (\(own)) AND r.ev_class NOT IN (\(own)) ORDER BY 1
        """)
  }
}
