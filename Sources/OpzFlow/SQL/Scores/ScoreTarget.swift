import OpzDatabase
import OpzIO
import OpzModel
import OpzSQL

/// The table that scores are written to: keys, the watermark, scores, and what scored when.
struct ScoreTarget: Sendable {
  /// A column that is written.
  struct Column: Sendable, Hashable {
    enum Content: Sendable, Hashable {
      case key, watermark
      /// By its index.
      case score(Int)
      case model, version, scoredAt
    }

    let name: String
    let content: Content
    let type: CellType
  }

  let name: TableName
  /// In the order in which they are written.
  private(set) var columns: [Column]
  private let dialect: SQLDialect
  private let declarations: [String]

  /// The table as it is made.
  /// - Throws: `FlowError` if two columns have one name.
  init(
    _ name: TableName, _ source: ScoreSource, scores: [ColumnScoring.Column], dialect: SQLDialect
  ) throws {
    self.name = name
    self.dialect = dialect
    let isSQLite = dialect.name == "sqlite"
    var columns = source.keys.map { Column(name: $0.name, content: .key, type: $0.type) }
    var types = source.keys.map(\.typeName)
    if let watermark = source.watermark {
      columns.append(Column(name: watermark.name, content: .watermark, type: watermark.type))
      types.append(watermark.typeName)
    }
    for (index, score) in scores.enumerated() {
      // MariaDB shows six digits of a float32 number; as float64 it is the same.
      let type = dialect.isMySQL && score.type == .float32 ? .float64 : ScoreTarget.type(score.type)
      columns.append(Column(name: score.name, content: .score(index), type: type))
    }
    columns.append(Column(name: "model", content: .model, type: .text))
    columns.append(Column(name: "version", content: .version, type: .text))
    let momentType: CellType = isSQLite ? .text : dialect.isMySQL ? .moment("datetime(6)") : .timestampTZ
    columns.append(Column(name: "scored_at", content: .scoredAt, type: momentType))
    self.columns = columns
    declarations = columns.enumerated().map { index, column in
      let isKey = index < types.count
      let type =
        dialect.isMySQL
        ? ScoreTarget.mariaDBName(column.type, key: isKey ? types[index] : nil)
        : column.type.postgreSQLName.flatMap { isSQLite ? nil : $0 }
          ?? (isKey ? ScoreTarget.affinity(types[index]) : ScoreTarget.sqliteName(column.type))
      return "\(dialect.quoted(column.name)) \(type)\(isKey ? " NOT NULL" : "")"
    }
    var seen: Set<String> = []
    for column in columns where !seen.insert(column.name.lowercased()).inserted {
      throw FlowError(
        .usage, "the column \(column.name.prefix(80))", reason: "the table of scores would have two of this name",
        hint: "give the key another name in the query: SELECT id AS customer, ..")
    }
  }

  private static func type(_ type: ElementType) -> CellType {
    switch type {
    case .float32: .float32
    case .float64: .float64
    case .integer: .int64
    case .text: .text
    }
  }

  /// - Parameter key: the type of a key in the query, with its length.
  private static func mariaDBName(_ type: CellType, key: String?) -> String {
    switch (type, key) {
    case (.text, let key?): SQLDialect.text(Int(key.filter(\.isNumber)) ?? 255)
    case (_, let key?): key
    case (.float64, nil): "DOUBLE"
    case (.int64, nil): "BIGINT"
    case (.moment(let name), nil): name
    case (_, nil): "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    }
  }

  /// A moment in UTC as MariaDB reads it, which knows no zones.
  static func moment(_ text: String) -> String { text.replacing("T", with: " ").replacing("Z", with: "") }

  private static func sqliteName(_ type: CellType) -> String {
    switch type {
    case .float32, .float64: "REAL"
    case .int64: "INTEGER"
    default: "TEXT"
    }
  }

  /// The type that lets keys stay what they are in the query.
  private static func affinity(_ declared: String) -> String {
    let name = declared.uppercased()
    if name.contains("INT") { return "INTEGER" }
    return name.contains("CHAR") || name.contains("TEXT") || name.contains("CLOB") ? "TEXT" : ""
  }

  private var keys: [Column] { columns.filter { $0.content == .key } }
  private func list(_ columns: [Column]) -> String {
    columns.map { dialect.quoted($0.name) }.joined(separator: ", ")
  }

  /// Creates the table.
  var creation: String {
    "CREATE TABLE \(name.text(dialect)) (\(declarations.joined(separator: ", ")), PRIMARY KEY (\(list(keys))))"
      + dialect.tableEnd
  }

  /// The same for a table that is there: `model`, `version` and `scored_at` are written where it has them.
  /// - Throws: `FlowError` of category `conflict` for a table that has no place for the scores.
  func fitting(_ place: DatabasePlace, _ connection: any BulkConnection) throws -> ScoreTarget {
    guard try place.catalog.relation(name)?.isView != true else { throw refused("it is a view") }
    let own = try connection.columns(of: "SELECT * FROM \(name.text(dialect))")
    let types = Dictionary(own.map { ($0.name, $0) }, uniquingKeysWith: { one, _ in one })
    var target = self
    target.columns = try columns.compactMap { column in
      guard let there = types[column.name] else {
        switch column.content {
        case .model, .version, .scoredAt: return nil
        case .key, .watermark, .score: throw refused("it has no column \(column.name)")
        }
      }
      let widens = column.type == .float32 && there.type == .float64
      guard there.type == column.type || widens || there.type == .any else {
        throw refused(
          "its column \(column.name) has the type \(there.typeName), and \(column.type.postgreSQLName ?? "") is written"
        )
      }
      // SQLite's own types are those of the cells.
      return Column(
        name: column.name, content: column.content, type: there.type == .any ? column.type : there.type)
    }
    let primary = try place.catalog.primaryKey(of: name)
    guard Set(primary) == Set(keys.map(\.name)) else {
      throw refused(
        "its primary key is \(primary.isEmpty ? "missing" : primary.joined(separator: ", ")), "
          + "and the key of the rows is \(keys.map(\.name).joined(separator: ", "))")
    }
    return target
  }

  private func refused(_ reason: String) -> FlowError {
    FlowError(
      .conflict, name.parts.joined(separator: "."), reason: reason,
      hint: "name a table that does not exist, which is made as it has to be: \(declarations.joined(separator: ", "))")
  }

  // MARK: Writing

  /// What replaces a row of the same key.
  private var replacement: String {
    let others = columns.filter { $0.content != .key }
    if dialect.isMySQL {
      let changes = others.map { "\(dialect.quoted($0.name)) = VALUES(\(dialect.quoted($0.name)))" }
      return "ON DUPLICATE KEY UPDATE \(changes.joined(separator: ", "))"
    }
    let changes = others.map { "\(dialect.quoted($0.name)) = excluded.\(dialect.quoted($0.name))" }
    return "ON CONFLICT (\(list(keys))) DO UPDATE SET \(changes.joined(separator: ", "))"
  }

  private static let staging = "opz_score_batch"

  /// The statements before rows are written, how they are written, and those behind.
  /// - Parameter replaces: whether a row of the same key is replaced.
  func writing(replaces: Bool) -> (before: [String], target: BulkTarget, after: [String]) {
    let types = columns.map(\.type)
    guard dialect.name == "postgresql" else {
      let marks = repeatElement("?", count: columns.count).joined(separator: ", ")
      let statement = "INSERT INTO \(name.text(dialect)) (\(list(columns))) VALUES (\(marks))"
      return ([], BulkTarget(statement: replaces ? "\(statement) \(replacement)" : statement, types: types), [])
    }
    func copying(_ table: String) -> BulkTarget {
      BulkTarget(statement: "COPY \(table) (\(list(columns))) FROM STDIN (FORMAT binary)", types: types)
    }
    guard replaces else { return ([], copying(name.text(dialect)), []) }
    let staging = "pg_temp.\(ScoreTarget.staging)"
    let columnTypes = columns.map { "\(dialect.quoted($0.name)) \($0.type.postgreSQLName ?? "text")" }
    return (
      ["CREATE TEMP TABLE \(ScoreTarget.staging) (\(columnTypes.joined(separator: ", "))) ON COMMIT DROP"],
      copying(staging),
      [
        "INSERT INTO \(name.text(dialect)) (\(list(columns))) SELECT \(list(columns)) FROM \(staging) \(replacement)"
      ]
    )
  }

  /// Writes the scores that a statement of the model computes.
  /// - Parameter texts: the model and the version.
  func inserting(_ select: String, model: String, version: String?, at: String, replaces: Bool) -> String {
    var select = select
    while let last = select.last, last == ";" || last.isWhitespace { select.removeLast() }
    let values = columns.map { column -> String in
      switch column.content {
      case .key, .watermark, .score: "opz_scores.\(dialect.quoted(column.name))"
      case .model: dialect.literal(model)
      case .version: version.map(dialect.literal) ?? "NULL"
      case .scoredAt where dialect.isMySQL: dialect.literal(ScoreTarget.moment(at))
      case .scoredAt: dialect.literal(at) + (dialect.name == "postgresql" ? "::timestamptz" : "")
      }
    }
    // SQLite would take ON for that of a join.
    return "INSERT INTO \(name.text(dialect)) (\(list(columns)))\nSELECT \(values.joined(separator: ", "))\n"
      + "FROM (\n\(select)\n) AS opz_scores WHERE true" + (replaces ? "\n\(replacement)" : "")
  }

  /// Removes all rows.
  var clearing: String { "DELETE FROM \(name.text(dialect))" }
  /// How many rows there are.
  var counting: String { "SELECT count(*) FROM \(name.text(dialect))" }

  /// The type of the greatest value, in SQLite.
  func greatestType(_ column: String) -> String {
    "SELECT typeof(max(\(dialect.quoted(column)))) FROM \(name.text(dialect))"
  }

  /// The greatest value of a column.
  func greatest(_ column: String) -> String { "SELECT max(\(dialect.quoted(column))) FROM \(name.text(dialect))" }
}
