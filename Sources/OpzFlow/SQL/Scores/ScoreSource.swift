import OpzDatabase
import OpzIO
import OpzModel
import OpzSQL

/// The rows that are scored: a user's query, what its columns are to the model, and their order.
struct ScoreSource: Sendable {
  let query: QueryText
  let keys: [QueryColumn]
  let watermark: QueryColumn?
  let shape: RowShape
  /// The model's input of each column of texts.
  let textInputs: [Int]
  private let dialect: SQLDialect
  /// What is read behind the keys.
  private let inputs: [String]
  /// The key columns as they are compared and ordered.
  private let ordered: [String]

  static let alias = "opz_rows"

  /// - Parameter connection: describes the query.
  /// - Throws: `FlowError` for columns that the query does not have, or whose types do not fit.
  init(
    _ model: Model, _ request: ScoreTable.Request, connection: any BulkConnection, dialect: SQLDialect
  ) throws {
    self.dialect = dialect
    query = try QueryText(parsing: request.query, dialect)
    let columns = try connection.columns(of: query.text)
    let finder = try QueryColumns(columns)
    keys = try request.keys.map { try finder.key($0, "--key") }
    watermark = try request.watermark.map { try finder.key($0, "--watermark") }
    let wanted = model.usedInputs.sorted().map { input in
      (input: input, name: request.columns[input] ?? model.inputs[input].name)
    }
    try finder.require(wanted.map(\.name))
    var (types, uses, inputs): ([CellType], [RowShape.Use], [String]) = ([], [], [])
    var textInputs: [Int] = []
    for (input, name) in wanted {
      let column = try finder.column(name, "--columns")
      var reading = try ScoreSource.reading(column, as: model.inputs[input])
      // A driver that asks in the text protocol gets six digits of a float.
      if dialect.isMySQL, reading.type == .float32 { (reading.type, reading.cast) = (.float64, "float8") }
      let own = "\(ScoreSource.alias).\(dialect.quoted(name))"
      inputs.append(reading.cast.map { ScoreSource.cast(own, to: $0, dialect) } ?? own)
      types.append(reading.type)
      uses.append(reading.isText ? .text(textInputs.count) : .number(input))
      if reading.isText { textInputs.append(input) }
    }
    let echoed = keys + (watermark.map { [$0] } ?? [])
    shape = RowShape(
      types: echoed.map(\.type) + types, keys: echoed.count, uses: uses, width: model.inputs.count)
    self.inputs = inputs
    self.textInputs = textInputs
    ordered = ScoreSource.ordered(echoed, of: query, connection: connection, dialect: dialect)
  }

  /// - Parameter type: a name of PostgreSQL's.
  private static func cast(_ column: String, to type: String, _ dialect: SQLDialect) -> String {
    guard dialect.isMySQL else { return "(\(column))::\(type)" }
    return "CAST(\(column) AS \(dialect.name(of: type == "text" ? .text : .float64)))"
  }

  /// How a column is read for an input.
  private static func reading(
    _ column: QueryColumn, as input: Model.Input
  ) throws -> (type: CellType, cast: String?, isText: Bool) {
    let isCategorical: Bool
    switch input.kind {
    case .text:
      return (.text, [.text, .any].contains(column.type) ? nil : "text", true)
    case .categorical(let texts, _):
      if column.type == .any { return texts.isEmpty ? (.any, nil, false) : (.text, nil, true) }
      isCategorical = true
    case .number: isCategorical = false
    }
    switch column.type {
    case .int16, .int32, .int64, .float32, .float64, .bool, .any: return (column.type, nil, false)
    case .other("numeric"): return (.float64, "float8", false)
    case .other("decimal"): return (.float64, nil, false)
    case .text where isCategorical: return (.text, nil, true)
    default:
      if isCategorical { return (.text, "text", true) }
      throw FlowError(
        .failed, "the column \(column.name)",
        reason: "it has the type \(column.typeName), and the model takes numbers there",
        hint: "cast it in the query: CAST(.. AS double precision), or EXTRACT(EPOCH FROM ..)")
    }
  }

  /// Key columns as they are compared: where two texts may be equal that are not the same, by their bytes.
  private static func ordered(
    _ columns: [QueryColumn], of query: QueryText, connection: any BulkConnection, dialect: SQLDialect
  ) -> [String] {
    columns.map { column in
      let own = "\(alias).\(dialect.quoted(column.name))"
      if column.type == .any { return "\(own) COLLATE BINARY" }
      guard column.type == .text else { return own }
      if dialect.isMySQL { return dialect.bytes(of: own) }
      let collation = "pg_collation_for(\(own))::regcollation"
      let isExact = try? connection.firstColumn(
        of: "SELECT collisdeterministic FROM pg_catalog.pg_collation WHERE oid = (SELECT \(collation) "
          + "FROM (SELECT 1) AS one LEFT JOIN \(query.table(alias)) ON false)")
      return isExact == ["t"] ? own : "\(own) COLLATE \"C\""
    }
  }

  // MARK: Statements

  /// Whether the rows come in the order of the keys alone.
  var isOrderedByKey: Bool { watermark == nil }

  /// The columns of a position, in the order in which rows come.
  var positionNames: [String] { (watermark.map { [$0.name] } ?? []) + keys.map(\.name) }

  /// Where a row's key and watermark are among the fields that are kept: in the order of a position.
  var positionPlaces: [Int] { (watermark == nil ? [] : [keys.count]) + Array(0..<keys.count) }

  /// The types of the keys.
  var keyTypes: [CellType] { Array(shape.types.prefix(keys.count)) }

  private var positionColumns: [String] { positionPlaces.map { ordered[$0] } }
  private var positionTypes: [CellType] { positionPlaces.map { shape.types[$0] } }

  /// A value as a literal of its column's type.
  func literal(_ value: KeyValue, _ type: CellType) -> String {
    switch (value, dialect.isMySQL ? nil : type.postgreSQLName) {
    case (.integer(let number), nil): "\(number)"
    case (_, nil): dialect.literal("\(value)")
    case (_, let name?): "\(dialect.literal("\(value)"))::\(name)"
    }
  }

  /// Rows behind a position, in the order of positions.
  private func behind(_ position: [KeyValue]) -> String {
    let literals = zip(position, positionTypes).map { literal($0, $1) }
    let columns = positionColumns
    guard columns.count > 1 else { return "\(columns[0]) > \(literals[0])" }
    return "(\(columns.joined(separator: ", "))) > (\(literals.joined(separator: ", ")))"
  }

  /// What a pass reads.
  struct Part: Sendable {
    /// Rows behind this one.
    var after: [KeyValue]?
    /// Rows whose first column of a position is at least this.
    var from: KeyValue?
    /// Rows that the table does not have.
    var missing: TableName?
    var limit: Int?
  }

  private func conditions(_ part: Part) -> String {
    var conditions: [String] = []
    if let after = part.after { conditions.append(behind(after)) }
    if let from = part.from { conditions.append("\(positionColumns[0]) >= \(literal(from, positionTypes[0]))") }
    if let table = part.missing { conditions.append(absence(in: table)) }
    return conditions.isEmpty ? "" : "\nWHERE " + conditions.joined(separator: " AND ")
  }

  private func absence(in table: TableName) -> String {
    var matches = keys.map { "opz_scored.\(dialect.quoted($0.name)) = \(comparable($0))" }
    if let watermark { matches.append("opz_scored.\(dialect.quoted(watermark.name)) >= \(comparable(watermark))") }
    return "NOT EXISTS (SELECT 1 FROM \(table.text(dialect)) AS opz_scored WHERE \(matches.joined(separator: " AND ")))"
  }

  /// The table's texts have the database's collation, whatever the query's have.
  private func comparable(_ column: QueryColumn) -> String {
    let own = "\(ScoreSource.alias).\(dialect.quoted(column.name))"
    return column.type == .text && !dialect.isMySQL ? "(\(own) COLLATE \"default\")" : own
  }

  /// Reads keys, watermark and inputs, in order.
  func reading(_ part: Part) -> String {
    let echoed = keys + (watermark.map { [$0] } ?? [])
    let columns = echoed.map { "\(ScoreSource.alias).\(dialect.quoted($0.name))" } + inputs
    return "SELECT \(columns.joined(separator: ", "))\nFROM \(query.table(ScoreSource.alias))\(conditions(part))"
      + "\nORDER BY \(positionColumns.joined(separator: ", "))" + (part.limit.map { "\nLIMIT \($0)" } ?? "")
  }

  /// All columns of the rows of a part.
  func rows(_ part: Part) throws -> QueryText {
    try QueryText(
      parsing: "SELECT \(ScoreSource.alias).*\nFROM \(query.table(ScoreSource.alias))\(conditions(part))", dialect)
  }

  /// How many rows there are.
  var counting: String { "SELECT count(*) FROM \(query.table(ScoreSource.alias))" }

  /// Counts rows that have a NULL among keys and watermark.
  var countingNulls: String {
    let columns = (keys + (watermark.map { [$0] } ?? [])).map {
      "\(ScoreSource.alias).\(dialect.quoted($0.name)) IS NULL"
    }
    return "\(counting) WHERE \(columns.joined(separator: " OR "))"
  }

  /// Counts keys that more than one row has.
  var countingDuplicates: String {
    let columns = ordered.prefix(keys.count).joined(separator: ", ")
    return "SELECT count(*) FROM (SELECT 1 AS one FROM \(query.table(ScoreSource.alias)) GROUP BY \(columns) "
      + "HAVING count(*) > 1) AS opz_repeated"
  }

  /// Counts the rows of one key.
  func counting(key: [KeyValue]) -> String {
    let matches = keys.indices.map { "\(ordered[$0]) = \(literal(key[$0], shape.types[$0]))" }
    return "\(counting) WHERE \(matches.joined(separator: " AND "))"
  }
}

/// The columns of a query by their names.
private struct QueryColumns {
  private let columns: [String: QueryColumn]
  private let repeated: Set<String>

  init(_ columns: [QueryColumn]) throws {
    self.columns = Dictionary(columns.map { ($0.name, $0) }, uniquingKeysWith: { one, _ in one })
    var seen: Set<String> = []
    repeated = Set(columns.map(\.name).filter { !seen.insert($0).inserted })
  }

  private var list: String {
    let names = columns.keys.sorted()
    return names.prefix(30).map { String($0.prefix(80)) }.joined(separator: ", ") + (names.count > 30 ? ", .." : "")
  }

  func require(_ names: [String]) throws {
    let missing = names.filter { columns[$0] == nil }
    guard !missing.isEmpty else { return }
    throw FlowError(
      .failed, "--query",
      reason: "it has no column \(missing.prefix(20).map { String($0.prefix(80)) }.joined(separator: ", "))",
      hint: "--columns INPUT=COLUMN reads an input of the model from a column of another name; the query has \(list)")
  }

  func column(_ name: String, _ option: String) throws -> QueryColumn {
    guard let column = columns[name] else {
      throw FlowError(.usage, option, reason: "the query has no column \(name.prefix(80))", hint: "it has \(list)")
    }
    guard !repeated.contains(name) else {
      throw FlowError(
        .usage, option, reason: "the query has more than one column \(name.prefix(80))",
        hint: "give them names of their own: SELECT a.id, b.id AS other")
    }
    return column
  }

  func key(_ name: String, _ option: String) throws -> QueryColumn {
    let column = try column(name, option)
    guard column.type.isKey else {
      throw FlowError(
        .usage, "\(option) \(name.prefix(80))", reason: "it has the type \(column.typeName)",
        hint: "keys are whole numbers, texts, UUIDs, dates or timestamps; cast it in the query")
    }
    return column
  }
}

extension CellType {
  /// The type in PostgreSQL; nil for SQLite's cells. MariaDB's dates and decimals have their own name.
  var postgreSQLName: String? {
    switch self {
    case .int16: "smallint"
    case .int32: "integer"
    case .int64: "bigint"
    case .float32: "real"
    case .float64: "double precision"
    case .bool: "boolean"
    case .text: "text"
    case .uuid: "uuid"
    case .date: "date"
    case .timestamp: "timestamp"
    case .timestampTZ: "timestamptz"
    case .moment(let name): name
    case .any: nil
    case .other(let name): name
    }
  }
}
