public import OpzModel

/// A model's input columns in a table that is gone with the connection: rows that were made up, or a copy of real ones.
/// Its columns are `c0`, `c1`, .. by the input's index, its key is `opz_row`, from 1.
public struct ScratchTable: Sendable {
  private let model: Model
  private let dialect: SQLDialect
  private let place: TableName
  /// The inputs that the model reads, in the order of the columns.
  public let inputs: [Int]
  private static let key = "opz_row"

  /// - Parameters:
  ///   - schema: of the connection's own tables, from the catalog on.
  ///   - name: the table's.
  public init(_ model: Model, _ dialect: SQLDialect, schema: [String], name: String) {
    self.model = model
    self.dialect = dialect
    place = TableName(parts: schema + [name])
    inputs = model.usedInputs.sorted()
  }

  /// The table's name, quoted.
  public var name: String { place.text(dialect) }

  private func column(_ input: Int) -> String { dialect.quoted("c\(input)") }

  private func type(of input: Int) -> SQLType { model.inputs[input].isText ? .text : .float64 }

  /// Where there is no schema for it, the word says that it is gone with the connection.
  private var creating: String { "CREATE \(place.parts.count == 1 ? "TEMPORARY " : "")TABLE \(name)" }

  /// Creates the table without rows.
  public var creation: String {
    let columns = inputs.map { ", \(column($0)) \(dialect.columnType(type(of: $0)))" }
    return "\(creating) (\(dialect.quoted(ScratchTable.key)) \(dialect.columnType(.integer))\(columns.joined()))"
  }

  /// Creates the table from the first rows of another, whose columns keep their types.
  /// - Parameters:
  ///   - columns: the table's column of an input, where it has another name.
  ///   - limit: the most rows.
  public func copy(of source: SourceRelation, columns: [Int: String], limit: Int) -> String {
    let list = inputs.map { ", \(dialect.quoted(columns[$0] ?? model.inputs[$0].name)) AS \(column($0))" }
    return "\(creating) AS SELECT row_number() OVER () AS \(dialect.quoted(ScratchTable.key))\(list.joined()) "
      + "FROM \(source.text(dialect)) LIMIT \(limit)"
  }

  /// Reads the key and the inputs: numbers as float64, which is what the model's statement begins with.
  public var reading: String {
    let list = inputs.map { ", CAST(\(column($0)) AS \(dialect.name(of: type(of: $0))))" }
    let key = dialect.quoted(ScratchTable.key)
    return "SELECT \(key)\(list.joined()) FROM \(name) ORDER BY \(key)"
  }

  /// Scores the rows: the key, then the scores.
  /// - Throws: as `ModelSQL`.
  public func scoring(_ kind: ModelSQL.Kind, shape: TreeShape?) throws -> ModelSQL.Statement {
    var options = ModelSQL.Options()
    options.kind = kind
    options.shape = shape
    options.keys = [ScratchTable.key]
    options.source = .table(place)
    options.columns = Dictionary(uniqueKeysWithValues: inputs.map { ($0, "c\($0)") })
    return try ModelSQL(model, dialect, options: options).statement()
  }
}

extension Model.Input {
  /// Whether a table's column of it has texts.
  /// Whether a database has texts in its column.
  public var isText: Bool {
    switch kind {
    case .text: true
    case .categorical(let texts, _): !texts.isEmpty
    case .number: false
    }
  }
}
