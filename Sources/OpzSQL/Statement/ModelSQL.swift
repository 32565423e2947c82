import OpzIO
public import OpzModel

/// Writes a model as one SQL statement.
public struct ModelSQL: Sendable {
  /// What the statement is.
  public enum Form: String, Sendable, CaseIterable {
    case select, view, table
    /// A model file of dbt.
    case dbt
  }

  /// What is computed.
  public enum Kind: String, Sendable, CaseIterable {
    case prediction, probability, label, margin, leaf

    /// The model's output; nil for leaves.
    public var output: Model.OutputKind? { Model.OutputKind(rawValue: rawValue) }
  }

  /// What a caller decides.
  public struct Options: Sendable {
    public var form = Form.select
    /// Nil for the model's default output.
    public var kind: Kind?
    /// Where the model's columns are; a table `input` if it is nil.
    public var source: SourceRelation?
    /// The view or table to create.
    public var target = "scores"
    /// Columns of the table that are put out as they are.
    public var keys: [String] = []
    /// The table's column of an input, by the input's index, where it has another name: `Model.columnNames(_:)`.
    public var columns: [Int: String] = [:]
    /// Nil for the one that fits the database.
    public var shape: TreeShape?
    /// What the header says that the model is: a name, version and digest.
    public var title = ""

    /// The defaults.
    public init() {}
  }

  /// A statement.
  public struct Statement: Sendable {
    public let text: String
    /// How the trees are written, and why; nil for a model without trees.
    public let shape: TreeShape?
    public let reason: String
    /// The columns of scores, behind the keys.
    public let scores: [Score]
  }

  /// A column of scores.
  public struct Score: Sendable, Hashable {
    public let name: String
    /// `float64` for numbers of both widths.
    public let type: SQLType

    /// Creates a column.
    public init(name: String, type: SQLType) {
      self.name = name
      self.type = type
    }
  }

  private let model: Model
  private let dialect: SQLDialect
  private let options: Options
  private let source: SourceRelation
  private let target: TableName

  /// Checks the options against the model.
  /// - Throws: `SQLError` for a kind that the model does not have, a column that no input has, and a name that the
  ///   database would cut.
  public init(_ model: Model, _ dialect: SQLDialect, options: Options = Options()) throws {
    self.model = model
    self.dialect = dialect
    self.options = options
    source = try options.source ?? SourceRelation(table: "input")
    target = try TableName(parsing: options.target)
    if options.form != .select, options.keys.isEmpty {
      throw SQLError(
        .badOption, "--as \(options.form.rawValue)", reason: "its rows could not be told apart",
        hint: "--key COLUMN names a column that is put out beside the scores")
    }
    try checkForm()
    try checkNames()
  }

  /// What a database or dbt cannot say is refused, and not left to its parser.
  private func checkForm() throws {
    if options.form == .table, !dialect.createsTableAs {
      throw SQLError(
        .badOption, "--as table", reason: "\(dialect.name) has no CREATE TABLE AS",
        hint: "--as view, then SELECT * INTO \(target.text(dialect)) FROM the view")
    }
    if case .query(let query) = source, query.beginsWithTables, !dialect.nestsTables {
      throw SQLError(
        .unsupported, "the features' query", reason: "\(dialect.name) has WITH at a statement's beginning alone",
        hint: "make a view of the query, and name it with --table")
    }
    if options.form == .dbt {
      guard source.parts.count <= 2 else {
        throw SQLError(
          .badOption, "--table",
          reason: "dbt names a source by its name and a table, and "
            + "\"\(source.parts.joined(separator: ".").prefix(80))\" has \(source.parts.count) parts",
          hint: "write --table SOURCE.TABLE; the source's database stands in dbt's sources file")
      }
      return
    }
    for parts in options.form == .select ? [source.parts] : [source.parts, target.parts]
    where parts.count > dialect.limits.nameParts {
      throw SQLError(
        .badOption, "the table \"\(parts.joined(separator: ".").prefix(80))\"",
        reason: "a name of \(parts.count) parts, where \(dialect.name) has at most \(dialect.limits.nameParts)",
        hint: "write SCHEMA.TABLE")
    }
  }

  private func checkNames() throws {
    let used = model.usedInputs.sorted().map { column(of: $0) }
    for name in used + options.keys + source.parts + target.parts {
      guard !name.isEmpty, !name.utf8.contains(0) else {
        throw SQLError(.badOption, "a column", reason: "its name is empty or has a NUL character")
      }
      guard name.utf8.count <= dialect.limits.identifier else {
        throw SQLError(
          .tooLarge, "\"\(name.prefix(80))\"",
          reason: "a name of \(name.utf8.count) bytes, where \(dialect.name) has at most \(dialect.limits.identifier)",
          hint: "--columns INPUT=COLUMN names the column that the table has")
      }
    }
  }

  private func column(of input: Int) -> String {
    options.columns[input] ?? model.inputs[input].name
  }

  /// Writes the statement.
  /// - Throws: `SQLError.unsupported` for a node that SQL has nothing for, `SQLError.tooLarge` for a text that the
  ///   database would refuse.
  public func statement() throws -> Statement {
    guard model.treeCount > 0 else {
      return try statement(.nested, isTold: false, reason: "")
    }
    // A text for deep trees is not even begun: writing it would need as deep a stack.
    let depth = model.ensembles.map(TreeExpressions.depth).max() ?? 0
    let most = dialect.limits.caseDepth
    if let shape = options.shape {
      guard shape == .flat || depth <= most else {
        throw SQLError(
          .tooLarge, "--shape nested",
          reason: "trees of \(depth) levels, where \(dialect.name) has CASE in at most \(most)",
          hint: "--shape flat has one level")
      }
      return try statement(shape, reason: "as asked")
    }
    guard depth > most else {
      return try statement(.nested, reason: "each row passes one path of a tree")
    }
    return try statement(
      .flat,
      reason: "\(dialect.name) has CASE in at most \(most) levels, and the trees have \(depth)")
  }

  private func statement(_ shape: TreeShape, isTold: Bool = true, reason: String) throws -> Statement {
    let used = model.usedInputs
    let columns = Dictionary(uniqueKeysWithValues: used.map { ($0, column(of: $0)) })
    let source = SourceColumns(model, dialect, columns: columns, keys: options.keys)
    var made = ModelColumns(model, dialect, shape: shape, source: source)
    if !source.refusals.isEmpty { made.notes.insert(.refusals) }
    let (outputs, type) = try outputs(&made)
    var query = StageQuery(dialect, made.stages, from: self.source, keys: options.keys)
    query.isDBT = options.form == .dbt
    let (body, writer) = query.text(outputs)
    let text =
      header(made.notes, shape, bytes: body.utf8.count) + opening() + body + (options.form == .dbt ? "\n" : ";\n")
    try check(text, writer, stages: made.stages)
    return Statement(
      text: text, shape: isTold ? shape : nil, reason: reason,
      scores: outputs.map { Score(name: $0.name, type: type) })
  }

  /// The names and expressions that are put out, and the type of all.
  private func outputs(
    _ made: inout ModelColumns
  ) throws -> (columns: [(name: String, expression: SQLExpression)], type: SQLType) {
    let kind = options.kind ?? Kind(rawValue: model.outputs[0].kind.rawValue) ?? .prediction
    let values: [SQLExpression]
    var element = ElementType.integer
    if kind == .leaf, model.treeCount > 0 {
      values = try made.leaves()
    } else if let wanted = kind.output, let output = model.output(wanted) {
      values = try made.value(output.node)
      element = model.nodes[output.node].type.element
    } else {
      let kinds = model.outputs.map(\.kind.rawValue) + (model.treeCount > 0 ? [Kind.leaf.rawValue] : [])
      throw SQLError(
        .badOption, "--kind", reason: "the model (\(model.objective)) has no \(kind.rawValue)",
        hint: "it has \(kinds.joined(separator: ", "))")
    }
    let columns = values.map { value in
      let exact = made.exact(value)
      return element == .integer ? made.stages.add(.cast(exact, .integer)) : exact
    }
    let names = columns.indices.map { columns.count == 1 ? kind.rawValue : "\(kind.rawValue)_\($0)" }
    try checkDistinct(options.keys + names)
    let type: SQLType = element == .integer ? .integer : element == .text ? .text : .float64
    guard !made.refusals.isEmpty else { return (Array(zip(names, columns)), type) }
    let isRefused = made.refusals.map { SQLExpression.equal($0, .number(1)) }
    let whole = columns.map { SQLExpression.cases([SQLCase(.any(isRefused), .null)], otherwise: $0) }
    return (Array(zip(names, whole)), type)
  }

  /// Databases compare names without regard to case, most of them.
  private func checkDistinct(_ names: [String]) throws {
    var seen: Set<String> = []
    for name in names where !seen.insert(name.lowercased()).inserted {
      throw SQLError(
        .badOption, "\"\(name.prefix(80))\"", reason: "the statement would have two columns of this name",
        hint: "name each key once, and none like a score")
    }
  }

  private func opening() -> String {
    switch options.form {
    case .select, .dbt: ""
    case .view: "CREATE VIEW \(target.text(dialect)) AS\n"
    case .table: "CREATE TABLE \(target.text(dialect))\(dialect.tableAs ?? "") AS\n"
    }
  }

  private func check(_ text: String, _ writer: SQLWriter, stages: Stages) throws {
    let limits = dialect.limits
    let hint = "a smaller model, or opz score outside of the database"
    let figures = [
      ("bytes of SQL", text.utf8.count, limits.bytes), ("levels of expressions", writer.depth, limits.depth),
      ("columns", writer.columns, limits.columns), ("queries in WITH", stages.stages.count, limits.stages),
    ]
    for (what, count, most) in figures where count > most {
      throw SQLError(
        .tooLarge, model.objective, reason: "\(count) \(what), where \(dialect.name) has at most \(most)", hint: hint)
    }
  }

  private func header(_ notes: Set<SQLNote>, _ shape: TreeShape, bytes: Int) -> String {
    var lines = [
      options.title.isEmpty ? "a model (\(model.objective))" : "\(options.title) (\(model.objective))",
      "SQL for \(dialect.name) \(dialect.version) and later"
        + (dialect.isProven ? "" : "; not run in this database, only in DuckDB as sqlglot translates it"),
    ]
    if model.treeCount > 0 { lines.append("\(model.treeCount) trees, shape \(shape.rawValue)") }
    // The header itself has some hundred bytes.
    if let usual = dialect.limits.usualBytes, bytes + 4096 > usual {
      let most = (bytes / 1_000_000 + 1) * 1_000_000
      lines.append(
        "longer than \(dialect.name) reads by itself: SET max_query_size = \(most), max_ast_elements = \(most),")
      lines.append("max_expanded_ast_elements = \(most) before it")
    }
    lines += notes.sorted().map(\.text)
    let text = lines.map { "-- \(PrintableText.line($0, limit: 400))\n" }.joined()
    return options.form == .dbt ? SQLWriter.template(text) : text
  }
}
