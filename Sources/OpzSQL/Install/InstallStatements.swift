/// The statements with which a model is installed, one at a time, each with what it is for.
public struct InstallStatements: Sendable {
  /// How a database replaces what a name means.
  enum Replacing: Sendable {
    /// `CREATE OR REPLACE VIEW`, which keeps grants, comments and what depends on the view.
    case inPlace
    /// `DROP VIEW` and `CREATE VIEW` in one transaction; others find the view by its name.
    case byName
  }

  /// The SQL of the database.
  public let dialect: SQLDialect
  /// The names.
  public let names: InstallNames
  private let replacing: Replacing
  /// Expressions of the moment and of a text that no other row has.
  private let now: String
  private let id: String

  /// - Throws: `SQLError` for a database in which opz installs nothing.
  public init(_ dialect: SQLDialect, _ names: InstallNames) throws {
    (replacing, now, id) = try InstallStatements.ways(dialect)
    self.dialect = dialect
    self.names = names
  }

  private static func ways(_ dialect: SQLDialect) throws -> (Replacing, now: String, id: String) {
    switch dialect.name {
    case "postgresql":
      (
        .inPlace, "to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')",
        "md5(random()::text || clock_timestamp()::text || pg_backend_pid()::text)"
      )
    case "sqlite": (.byName, "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')", "lower(hex(randomblob(16)))")
    default:
      throw SQLError(
        .unsupported, dialect.name, reason: "opz installs models in postgresql and sqlite",
        hint: "opz sql write --dialect \(dialect.name) --as view writes a statement for it")
    }
  }

  private func text(_ name: TableName) -> String { name.text(dialect) }

  /// Whether a number of the model is wider under the stable name, so that models of other libraries fit in its place.
  private var widens: Bool { dialect.name == "postgresql" }

  /// The type that a column of scores has under the stable name; nil for the view's own.
  public func stableType(of score: ModelSQL.Score) -> String? {
    widens && score.type == .float64 ? dialect.name(of: .float64) : nil
  }

  /// Creates the table of installs if it is not there.
  public var creationOfLog: String {
    let columns = InstallEntry.columns.map { column in
      let type = column == "number" ? dialect.name(of: .integer) : dialect.name(of: .text)
      return "\(dialect.quoted(column)) \(type) NOT NULL\(column == "id" ? " PRIMARY KEY" : "")"
    }
    return "CREATE TABLE IF NOT EXISTS \(text(names.log)) (\(columns.joined(separator: ", ")))"
  }

  /// Adds an entry.
  public func recording(_ entry: InstallEntry) -> String {
    let log = text(names.log)
    let number = "(SELECT COALESCE(MAX(\(dialect.quoted("number"))), 0) + 1 FROM \(log))"
    let texts = [
      entry.name, entry.action.rawValue, entry.view, entry.model, entry.image, entry.statement,
    ].map(dialect.literal)
    let values = [number, id] + texts + [now, dialect.literal(entry.actor)]
    return "INSERT INTO \(log) (\(InstallEntry.columns.map(dialect.quoted).joined(separator: ", ")))\n"
      + "VALUES (\(values.joined(separator: ", ")))"
  }

  /// Reads the entries of all names, oldest first.
  public var readingLog: String {
    "SELECT \(InstallEntry.columns.map(dialect.quoted).joined(separator: ", ")) FROM \(text(names.log)) "
      + "ORDER BY \(dialect.quoted("number"))"
  }

  /// Lets the stable name mean a view.
  /// - Parameters:
  ///   - keys: the columns that are put out as they are.
  ///   - scores: the columns of scores.
  ///   - exists: whether the name means another view already.
  ///   - options: what stands in `WITH`, for example `security_invoker=true`.
  public func pointing(
    to view: TableName, keys: [String], scores: [ModelSQL.Score], exists: Bool, options: [String] = []
  ) -> [String] {
    let stable = text(names.stable)
    let columns =
      keys.map(dialect.quoted)
      + scores.map { score in
        let name = dialect.quoted(score.name)
        return stableType(of: score).map { "CAST(\(name) AS \($0)) AS \(name)" } ?? name
      }
    let with = options.isEmpty ? "" : " WITH (\(options.joined(separator: ", ")))"
    let body = "VIEW \(stable)\(with) AS\nSELECT \(columns.joined(separator: ", "))\nFROM \(text(view))"
    switch replacing {
    case .inPlace: return ["CREATE OR REPLACE \(body)"]
    case .byName: return (exists ? ["DROP VIEW \(stable)"] : []) + ["CREATE \(body)"]
    }
  }

  /// Removes a view.
  public func dropping(_ view: TableName) -> String { "DROP VIEW \(text(view))" }

  /// Says of a view what it is, where the database has comments on views.
  public func comment(on view: TableName, _ comment: String) -> String? {
    guard replacing == .inPlace else { return nil }
    return "COMMENT ON VIEW \(text(view)) IS \(dialect.literal(comment))"
  }

  /// Scores of the model beside those that the stable name has for the same row: the keys, the old key or NULL, then old
  /// and new scores.
  /// - Parameters:
  ///   - select: the model's statement, `ModelSQL.Form.select`.
  ///   - isFirst: whether the name means nothing yet; then there are no old scores.
  ///   - limit: the most rows.
  public func comparing(
    _ select: String, keys: [String], scores: [ModelSQL.Score], isFirst: Bool, limit: Int
  ) -> String {
    func columns(_ table: String, _ names: [String]) -> [String] { names.map { "\(table).\(dialect.quoted($0))" } }
    var query = select
    while let last = query.last, last == ";" || last.isWhitespace { query.removeLast() }
    let new = columns("opz_new", keys) + (isFirst ? [] : columns("opz_old", [keys[0]] + scores.map(\.name)))
    // As wide as under the stable name: a float32 number has other digits than the same number in float64.
    let own = scores.map { score in
      let name = "opz_new.\(dialect.quoted(score.name))"
      return stableType(of: score).map { "CAST(\(name) AS \($0))" } ?? name
    }
    let list = (new + own).joined(separator: ", ")
    let on = zip(columns("opz_new", keys), columns("opz_old", keys)).map { "\($0) = \($1)" }
    let join = isFirst ? "" : "\nLEFT JOIN \(text(names.stable)) AS opz_old ON \(on.joined(separator: " AND "))"
    return "SELECT \(list)\nFROM (\n\(query)\n) AS opz_new\(join)\nLIMIT \(limit)"
  }

  /// One row if two rows of a table or query have the same key, else none.
  public func duplicates(in source: SourceRelation, keys: [String]) -> String {
    let list = keys.map(dialect.quoted).joined(separator: ", ")
    return "SELECT 1 FROM \(source.text(dialect)) GROUP BY \(list) HAVING COUNT(*) > 1 LIMIT 1"
  }
}
