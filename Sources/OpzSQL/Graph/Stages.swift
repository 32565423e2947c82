/// Queries one above the other: each adds columns that are computed from those below. A column that is used several times
/// is computed once, because it has a stage of its own.
struct Stages {
  /// A computed column.
  struct Column {
    let name: String
    let expression: SQLExpression
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
    stages[0].append(Column(name: name, expression: expression))
    levels[name] = 0
    return .column(name)
  }

  /// Computes an expression in a column of its own, as low as what it reads allows.
  /// - Returns: the column; a literal or column as it is.
  mutating func add(_ expression: SQLExpression) -> SQLExpression {
    if expression.isAtom { return expression }
    if let name = known[expression] { return .column(name) }
    let level = 1 + (expression.columns.compactMap { levels[$0] }.max() ?? 0)
    while stages.count <= level { stages.append([]) }
    let name = freshName()
    stages[level].append(Column(name: name, expression: expression))
    levels[name] = level
    known[expression] = name
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
