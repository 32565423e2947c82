/// Writes stages as a chain of common table expressions, each with the columns that a later one needs.
struct StageQuery {
  private let dialect: SQLDialect
  private let stages: [[Stages.Column]]
  private let source: SourceRelation
  private let keys: [String]
  private let keyNames: [String]
  private let prefix: String
  /// Whether the text is a template of dbt, where braces have a meaning.
  var isDBT = false

  init(_ dialect: SQLDialect, _ stages: Stages, from source: SourceRelation, keys: [String]) {
    var stages = stages
    self.dialect = dialect
    self.source = source
    self.keys = keys
    keyNames = keys.map { _ in stages.freshName() }
    self.stages = stages.stages
    let name = source.parts.last?.lowercased() ?? ""
    prefix = name.hasPrefix("step") ? "opz_step" : "step"
  }

  /// The query of some columns.
  func text(_ outputs: [(name: String, expression: SQLExpression)]) -> (text: String, writer: SQLWriter) {
    var writer = SQLWriter(dialect)
    writer.isTemplate = isDBT
    let needed = needed(outputs)
    for (index, stage) in stages.enumerated() {
      writer.made(index == 0 ? "WITH " : ",\n")
      writer.made("\(prefix)\(index)\(dialect.barrier == .materialized ? " AS MATERIALIZED (" : " AS (")")
      write(stage, index, needed: needed[index], writer: &writer)
      if index > 0 {
        if dialect.barrier == .offset { writer.made(" OFFSET 0") }
        if dialect.barrier == .limit { writer.made(" LIMIT 9223372036854775807") }
      }
      writer.made(")")
    }
    writer.made("\nSELECT")
    var items: [(String, SQLExpression)] = zip(keys, keyNames).map { ($0, .column($1)) }
    items += outputs.map { ($0.name, $0.expression) }
    write(items, &writer, indent: 1)
    writer.made("\nFROM \(prefix)\(stages.count - 1)")
    return (writer.text, writer)
  }

  /// The columns of each stage that a later one or the result reads, those that are passed on included.
  private func needed(_ outputs: [(name: String, expression: SQLExpression)]) -> [[String]] {
    var all = [[String]](repeating: [], count: stages.count)
    var wanted = outputs.reduce(into: Set<String>()) { $0.formUnion($1.expression.columns) }
    for index in stages.indices.reversed() {
      all[index] = wanted.sorted(by: StageQuery.isBefore)
      let made = Set(stages[index].map(\.name))
      let used = stages[index].filter { wanted.contains($0.name) }
      wanted.subtract(made)
      if index > 0 { for column in used { wanted.formUnion(column.reads) } }
    }
    return all
  }

  /// In the order in which they were made: `v2` before `v10`.
  private static func isBefore(_ one: String, _ other: String) -> Bool {
    (one.utf8.count, one) < (other.utf8.count, other)
  }

  private func write(_ stage: [Stages.Column], _ index: Int, needed: [String], writer: inout SQLWriter) {
    let made = Dictionary(stage.map { ($0.name, $0.expression) }, uniquingKeysWith: { one, _ in one })
    writer.made("\n  SELECT")
    var items = zip(keys, keyNames).map { ($1, index == 0 ? SQLExpression.column($0) : .column($1)) }
    items += needed.map { ($0, made[$0] ?? .column($0)) }
    if items.isEmpty { items = [(prefix, .number(0))] }
    write(items, &writer, indent: 2)
    writer.line(1)
    writer.made("FROM ")
    if index > 0 {
      writer.made("\(prefix)\(index - 1)")
    } else if isDBT, case .table(let table) = source {
      writer.made(StageQuery.relation(table))
    } else {
      writer.user(source.text(dialect))
    }
  }

  private func write(_ items: [(String, SQLExpression)], _ writer: inout SQLWriter, indent: Int) {
    writer.count(columns: items.count)
    for (index, (name, expression)) in items.enumerated() {
      if index > 0 { writer.made(",") }
      writer.line(indent)
      writer.write(expression, indent: indent)
      if expression != .column(name) {
        writer.made(" AS ")
        writer.identifier(name)
      }
    }
  }

  /// What dbt puts in the place of a table: a name alone is one of its own models, one with a schema is a source.
  private static func relation(_ table: TableName) -> String {
    let names = table.parts.map(jinja).joined(separator: ", ")
    return "{{ \(table.parts.count == 1 ? "ref" : "source")(\(names)) }}"
  }

  /// A text of Jinja.
  private static func jinja(_ text: String) -> String {
    "'\(text.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'"
  }
}
