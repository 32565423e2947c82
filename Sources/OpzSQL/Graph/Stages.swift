/// Queries one above the other: each adds columns that are computed from those below. A column that is used several times
/// is computed once, because it has a stage of its own.
struct Stages {
  /// A computed column.
  struct Column {
    let name: String
    let expression: SQLExpression
    /// The columns that the expression reads.
    let reads: Set<String>

    init(_ name: String, _ expression: SQLExpression) {
      self.name = name
      self.expression = expression
      reads = expression.columns
    }
  }

  /// The columns that each stage adds; the first reads the table.
  private(set) var stages: [[Column]] = [[]]
  private var levels: [String: Int] = [:]
  private var known: [SQLExpression: String] = [:]
  private var taken: Set<String>
  private var count = 0

  /// - Parameter taken: names that are in use, in lower case.
  init(taken: Set<String>) { self.taken = taken }

  /// Adds a column that reads the table.
  mutating func addInput(_ name: String, _ expression: SQLExpression) -> SQLExpression {
    stages[0].append(Column(name, expression))
    levels[name] = 0
    return .column(name)
  }

  /// Computes an expression in a column of its own, as low as what it reads allows.
  /// - Returns: the column; a literal or column as it is.
  mutating func add(_ expression: SQLExpression) -> SQLExpression {
    if expression.isAtom { return expression }
    if let name = known[expression] { return .column(name) }
    let made = addOnce(expression)
    if case .column(let name) = made { known[expression] = name }
    return made
  }

  /// As `add(_:)`, of an expression that will not come again, which is not worth to be remembered: a sum of trees.
  mutating func addOnce(_ expression: SQLExpression) -> SQLExpression {
    if expression.isAtom { return expression }
    let name = freshName()
    let column = Column(name, expression)
    let level = 1 + (column.reads.compactMap { levels[$0] }.max() ?? 0)
    while stages.count <= level { stages.append([]) }
    stages[level].append(column)
    levels[name] = level
    return .column(name)
  }

  mutating func freshName() -> String {
    while true {
      count += 1
      let name = "v\(count)"
      if taken.insert(name).inserted { return name }
    }
  }
}
