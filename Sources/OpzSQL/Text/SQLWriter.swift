/// Writes expressions in a dialect, a line for each case of a `CASE`.
struct SQLWriter {
  let dialect: SQLDialect
  /// Whether the text is a Jinja template.
  var isTemplate = false
  private var bytes: [UInt8] = []
  /// The most levels of expressions that stood inside one another.
  private(set) var depth = 0
  /// The most columns of a query.
  private(set) var columns = 0
  private var level = 0
  /// What stands around the digits of a number, by type: there may be millions of numbers.
  private let float32: SQLDialect.Around
  private let float64: SQLDialect.Around
  private let others: SQLDialect.Around

  init(_ dialect: SQLDialect) {
    self.dialect = dialect
    float32 = dialect.numbers[.float32] ?? SQLDialect.Around()
    float64 = dialect.numbers[.float64] ?? SQLDialect.Around()
    others = SQLDialect.Around()
  }

  /// What was written.
  var text: String { String(decoding: bytes, as: UTF8.self) }

  private mutating func put(_ words: String) {
    var words = words
    words.withUTF8 { bytes.append(contentsOf: $0) }
  }

  mutating func identifier(_ name: String) { put(escaped(dialect.quoted(name))) }

  private func escaped(_ text: String) -> String { isTemplate ? SQLWriter.template(text) : text }

  /// Text of a Jinja template, in which a brace stands for itself.
  static func template(_ text: String) -> String { text.replacing("{", with: "{{ '{' }}") }

  /// Text that was made from numbers and constants of this module.
  mutating func made(_ words: String) { put(words) }

  /// Text of the user's own: a query, or a name that is quoted already.
  mutating func user(_ text: String) { put(escaped(text)) }

  mutating func count(columns count: Int) { columns = max(columns, count) }

  mutating func line(_ indent: Int) {
    bytes.append(10)
    bytes.append(contentsOf: repeatElement(32, count: indent * 2))
  }

  private mutating func number(_ value: Double, _ type: SQLType) {
    let around =
      switch type {
      case .float32: float32
      case .float64: float64
      case .integer, .text: others
      }
    put(around.before)
    SQLNumber.write(value, to: &bytes)
    put(around.after)
  }

  /// Writes an expression.
  /// - Parameter indent: of the lines that it begins.
  mutating func write(_ expression: SQLExpression, indent: Int) {
    level += 1
    depth = max(depth, level)
    defer { level -= 1 }
    switch expression {
    case .column(let name): identifier(name)
    case .number(let value, let type): number(value, type)
    case .text(let value): put(escaped(dialect.literal(value)))
    case .null: put("NULL")
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
    put(before)
    write(operand, indent: indent)
    put(after)
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
      if index > 0 { put(separator) }
      write(operand, indent: indent)
    }
  }

  /// A database reads `a + b + c` as `(a + b) + c`: each further operand is a level.
  private mutating func infix(_ name: SQLOperator, _ operands: [SQLExpression], indent: Int) {
    depth = max(depth, level + operands.count)
    let isLong = operands.contains { if case .cases = $0 { true } else { false } }
    put("(")
    for (index, operand) in operands.enumerated() {
      if index > 0 {
        if isLong { line(indent) } else { put(" ") }
        put(name.rawValue + " ")
      }
      write(operand, indent: indent)
    }
    put(")")
  }

  private mutating func call(_ function: SQLFunction, _ operands: [SQLExpression], indent: Int) {
    if dialect.floorsToIntegers, function == .floor || function == .ceiling {
      return whole(function, operands[0], indent: indent)
    }
    put(dialect.name(of: function) + "(")
    list(operands, ", ", indent: indent)
    put(")")
  }

  /// From 2^52 on, every number is whole.
  private mutating func whole(_ function: SQLFunction, _ operand: SQLExpression, indent: Int) {
    put("CASE WHEN ABS(")
    write(operand, indent: indent)
    put(") < ")
    number(0x1p52, .float64)
    put(" THEN CAST(\(dialect.name(of: function))(")
    write(operand, indent: indent)
    put(") AS \(dialect.name(of: .float64))) ELSE ")
    write(operand, indent: indent)
    put(" END")
  }

  private mutating func cast(_ operand: SQLExpression, _ type: SQLType, indent: Int) {
    put("CAST(")
    write(operand, indent: indent)
    put(" AS \(dialect.name(of: type)))")
  }

  private mutating func member(_ operand: SQLExpression, _ words: String, values: [SQLExpression], indent: Int) {
    put("(")
    // -0 and 0 make 0.
    let isNumber = if case .number? = values.first { true } else { false }
    write(dialect.findsByBits && isNumber ? operand + .number(0) : operand, indent: indent)
    put(words)
    list(values, ", ", indent: indent)
    put("))")
  }

  private mutating func write(_ cases: [SQLCase], _ otherwise: SQLExpression, indent: Int) {
    put("CASE")
    let isShort = cases.count == 1 && cases[0].value.isAtom && otherwise.isAtom
    for item in cases {
      if isShort { put(" ") } else { line(indent + 1) }
      put("WHEN ")
      write(item.condition, indent: indent + 1)
      put(" THEN ")
      write(item.value, indent: indent + 1)
    }
    if isShort { put(" ") } else { line(indent + 1) }
    put("ELSE ")
    write(otherwise, indent: indent + 1)
    put(" END")
  }
}
