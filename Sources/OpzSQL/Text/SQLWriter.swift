/// Writes expressions in a dialect, a line for each case of a `CASE`.
struct SQLWriter {
  let dialect: SQLDialect
  /// Whether the text is a Jinja template.
  var isTemplate = false
  private(set) var text = ""
  /// The most levels of expressions that stood inside one another.
  private(set) var depth = 0
  /// The most columns of a query.
  private(set) var columns = 0
  private var level = 0

  init(_ dialect: SQLDialect) { self.dialect = dialect }

  mutating func identifier(_ name: String) { text += escaped(dialect.quoted(name)) }

  private func escaped(_ text: String) -> String { isTemplate ? SQLWriter.template(text) : text }

  /// Text of a Jinja template, in which a brace stands for itself.
  static func template(_ text: String) -> String { text.replacing("{", with: "{{ '{' }}") }

  /// Text that was made from numbers and constants of this module.
  mutating func made(_ words: String) { text += words }

  /// Text of the user's own: a query, or a name that is quoted already.
  mutating func user(_ text: String) { self.text += escaped(text) }

  mutating func count(columns count: Int) { columns = max(columns, count) }

  mutating func line(_ indent: Int) {
    text += "\n"
    text += String(repeating: " ", count: indent * 2)
  }

  /// Writes an expression.
  /// - Parameter indent: of the lines that it begins.
  mutating func write(_ expression: SQLExpression, indent: Int) {
    level += 1
    depth = max(depth, level)
    defer { level -= 1 }
    switch expression {
    case .column(let name): identifier(name)
    case .number(let value, let type): text += dialect.literal(value, type)
    case .text(let value): text += escaped(dialect.literal(value))
    case .null: text += "NULL"
    case .infix(let name, let operands): infix(name, operands, indent: indent)
    case .call(let function, let operands): call(function, operands, indent: indent)
    case .cases(let cases, let otherwise): write(cases, otherwise, indent: indent)
    case .cast(let operand, let type): cast(operand, type, indent: indent)
    case .bytes(let operand): wrapped(dialect.bytes.before, operand, after: dialect.bytes.after, indent: indent)
    case .withoutNaN(let operand): withoutNaN(operand, indent)
    case .isNull(let operand): wrapped("(", operand, after: " IS NULL)", indent: indent)
    case .isNotNull(let operand): wrapped("(", operand, after: " IS NOT NULL)", indent: indent)
    case .isOne(let list, let operand): member(operand, " IN (", values: list, indent: indent)
    case .isNone(let list, let operand): member(operand, " NOT IN (", values: list, indent: indent)
    }
  }

  private mutating func wrapped(
    _ before: String, _ operand: SQLExpression, after: String, indent: Int
  ) {
    text += before
    write(operand, indent: indent)
    text += after
  }

  private mutating func withoutNaN(_ operand: SQLExpression, _ indent: Int) {
    switch dialect.nans {
    case .none: write(operand, indent: indent)
    case .equal(let number): wrapped("NULLIF(", operand, after: ", \(number))", indent: indent)
    case .tested(let function):
      wrapped("CASE WHEN \(function)(", operand, after: ") THEN NULL ELSE ", indent: indent)
      wrapped("", operand, after: " END", indent: indent)
    }
  }

  private mutating func list(_ operands: [SQLExpression], _ separator: String, indent: Int) {
    for (index, operand) in operands.enumerated() {
      if index > 0 { text += separator }
      write(operand, indent: indent)
    }
  }

  /// A database reads `a + b + c` as `(a + b) + c`: each further operand is a level.
  private mutating func infix(_ name: SQLOperator, _ operands: [SQLExpression], indent: Int) {
    depth = max(depth, level + operands.count)
    let isLong = operands.contains { if case .cases = $0 { true } else { false } }
    text += "("
    for (index, operand) in operands.enumerated() {
      if index > 0 {
        if isLong { line(indent) } else { text += " " }
        text += name.rawValue + " "
      }
      write(operand, indent: indent)
    }
    text += ")"
  }

  private mutating func call(_ function: SQLFunction, _ operands: [SQLExpression], indent: Int) {
    text += dialect.name(of: function) + "("
    list(operands, ", ", indent: indent)
    text += ")"
  }

  private mutating func cast(_ operand: SQLExpression, _ type: SQLType, indent: Int) {
    text += "CAST("
    write(operand, indent: indent)
    text += " AS \(dialect.name(of: type)))"
  }

  private mutating func member(_ operand: SQLExpression, _ words: String, values: [SQLExpression], indent: Int) {
    text += "("
    write(operand, indent: indent)
    text += words
    list(values, ", ", indent: indent)
    text += "))"
  }

  private mutating func write(_ cases: [SQLCase], _ otherwise: SQLExpression, indent: Int) {
    text += "CASE"
    let isShort = cases.count == 1 && cases[0].value.isAtom && otherwise.isAtom
    for item in cases {
      if isShort { text += " " } else { line(indent + 1) }
      text += "WHEN "
      write(item.condition, indent: indent + 1)
      text += " THEN "
      write(item.value, indent: indent + 1)
    }
    if isShort { text += " " } else { line(indent + 1) }
    text += "ELSE "
    write(otherwise, indent: indent + 1)
    text += " END"
  }
}
