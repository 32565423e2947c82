import OpzModel

/// Writes the nodes of a model as columns. A value is one expression for each of its columns, each a column of a stage or a
/// literal; a missing number or text is NULL.
struct ModelColumns {
  let model: Model
  let dialect: SQLDialect
  let shape: TreeShape
  var stages: Stages
  /// The column of each input that is used.
  private let inputs: [Int: SQLExpression]
  private var values: [Int: [SQLExpression]] = [:]
  /// Columns of float32 inputs that were not rounded to float32.
  private var unrounded: Set<SQLExpression>
  /// Columns that are 1 where the row is refused.
  var refusals: [SQLExpression]
  /// Whether no element of a node's value is ever missing.
  let isComplete: [Bool]
  private var left = ModelColumns.mostParts
  /// The most comparisons, terms and leaves of a statement: some 100 MB of text.
  private static let mostParts = 4_000_000
  /// What the header says about the numbers.
  var notes: Set<SQLNote> = []

  init(_ model: Model, _ dialect: SQLDialect, shape: TreeShape, source: SourceColumns) {
    self.model = model
    self.dialect = dialect
    self.shape = shape
    stages = source.stages
    inputs = source.inputs
    unrounded = source.unrounded
    refusals = source.refusals
    isComplete = ModelColumns.completeness(model)
  }

  /// The value of a node. Operands come before their node, so a walk upwards needs no recursion.
  mutating func value(_ node: Int) throws -> [SQLExpression] {
    var isNeeded = [Bool](repeating: false, count: node + 1)
    isNeeded[node] = true
    for index in stride(from: node, through: 0, by: -1) where isNeeded[index] {
      for operand in model.nodes[index].operands { isNeeded[operand] = true }
    }
    for index in isNeeded.indices where isNeeded[index] && values[index] == nil {
      values[index] = try compute(index)
    }
    return values[node] ?? []
  }

  /// The trees' leaves: a column for each tree, in the order of the model's ensembles.
  mutating func leaves() throws -> [SQLExpression] {
    var all: [SQLExpression] = []
    for node in model.nodes {
      guard case .trees(let ensemble) = node.operation else { continue }
      _ = try value(node.operands[0])
      try take(shape == .nested ? ensemble.nodes.count : TreeExpressions.conditions(of: ensemble))
      let trees = expressions(ensemble, of: node.operands[0])
      all += ensemble.trees.indices.map {
        trees.tree($0) { .number(Double(ensemble.leaves[Int($0.left)].number), .integer) }
      }
    }
    return all
  }

  /// The trees over the columns of a matrix. Thresholds are compared with numbers that are not rounded to float32 yet; sets
  /// of categories need the rounded ones.
  private mutating func expressions(_ ensemble: TreeEnsemble, of node: Int) -> TreeExpressions {
    var matrix = values[node] ?? []
    guard ensemble.inputs == .float32 else { return TreeExpressions(ensemble, matrix, unrounded: [], shape: shape) }
    let isWide = model.nodes[node].type.element != .float32
    let columns = Set(ensemble.nodes.lazy.filter { !$0.isLeaf && $0.test == .member }.map { Int($0.column) })
    for column in columns where isWide || unrounded.contains(matrix[column]) {
      matrix[column] = narrowed(matrix[column])
    }
    let rest = Set(matrix.indices.filter { !columns.contains($0) }.map { matrix[$0] })
    return TreeExpressions(ensemble, matrix, unrounded: isWide ? rest : unrounded, shape: shape)
  }

  /// Whether no element of a node's value is ever missing, for each node.
  private static func completeness(_ model: Model) -> [Bool] {
    var isComplete: [Bool] = []
    for node in model.nodes {
      let made: Bool
      switch node.operation {
      case .trees, .impute, .isMissing, .compare, .pick, .argMax, .argMin: made = true
      case .constant(let numbers): made = !numbers.contains { $0.isNaN }
      case .select, .concatenate, .link, .choose: made = node.operands.allSatisfy { isComplete[$0] }
      default: made = false
      }
      isComplete.append(made)
    }
    return isComplete
  }

  /// Takes parts of expressions from what a statement may have.
  /// - Throws: `SQLError.tooLarge`.
  mutating func take(_ parts: Int) throws {
    left -= min(max(parts, 0), left + 1)
    guard left >= 0 else {
      throw SQLError(
        .tooLarge, model.objective,
        reason: "its SQL would have more than \(ModelColumns.mostParts) comparisons and terms",
        hint: "score the rows outside of the database: opz score")
    }
  }

  private mutating func compute(_ index: Int) throws -> [SQLExpression] {
    let node = model.nodes[index]
    switch node.operation {
    case .inputs(let indexes): return indexes.map { inputs[$0] ?? .null }
    case .constant(let numbers): return numbers.map { literal($0, node.type.element) }
    case .select(let columns):
      let operand = values[node.operands[0]] ?? []
      return columns.map { operand[$0] }
    case .concatenate: return node.operands.flatMap { values[$0] ?? [] }
    case .trees(let ensemble):
      try take(shape == .nested ? ensemble.nodes.count : TreeExpressions.conditions(of: ensemble))
      if ensemble.width > 1 {
        try take((writesEachGroup(ensemble) ? ensemble.nodes.count : ensemble.leaves.count) * ensemble.groups)
      }
      return treeSums(ensemble, expressions(ensemble, of: node.operands[0]))
    default:
      let operands = node.operands.map { values[$0] ?? [] }
      return try compute(node, operands.map { operand in operand.map { exact($0) } })
    }
  }

  /// A number of the type that the database computes with.
  func literal(_ number: Double, _ element: ElementType) -> SQLExpression {
    if number.isNaN { return .null }
    return .number(number, element == .float32 ? .float32 : .float64)
  }

  /// A float32 input, rounded.
  mutating func exact(_ column: SQLExpression) -> SQLExpression {
    unrounded.contains(column) ? narrowed(column) : column
  }

  /// A float64 number, rounded to float32. What becomes 0 is an error in some databases.
  mutating func narrowed(_ expression: SQLExpression) -> SQLExpression {
    guard dialect.keepsFloat32 else { return rounded(expression, to: .float32) }
    let whole = stages.add(expression)
    let isZero = SQLExpression.call(.absolute, [whole]) <= .number(0x1p-150)
    return stages.add(.choose(isZero, .number(0, .float32), else: .cast(whole, .float32)))
  }

  /// An expression in a column of its own, rounded to float32 where the type says so.
  ///
  /// Where the database computes in float64 alone, `x * (2^29 + 1) - (x * (2^29 + 1) - x)` has 24 bits (Veltkamp's split;
  /// Dekker 1971).
  mutating func rounded(_ expression: SQLExpression, to element: ElementType) -> SQLExpression {
    guard element == .float32 else { return stages.add(expression) }
    if dialect.keepsFloat32 { return stages.add(.cast(expression, .float32)) }
    let whole = stages.add(expression)
    // Below 2^-126 the last place is 2^-149: a sum with 1.5 * 2^-97 has no smaller one.
    let small = SQLExpression.number(0x1.8p-97)
    let isSmall = SQLExpression.call(.absolute, [whole]) < .number(0x1p-126)
    let scaled = stages.add(whole * .number(536_870_913))
    // An infinite number has no such difference.
    let split = SQLExpression.call(.coalesce, [scaled - (scaled - whole), whole])
    return stages.add(.choose(isSmall, (whole + small) - small, else: split))
  }
}

/// What the header of a text says about its numbers.
enum SQLNote: Hashable, Comparable {
  /// Sums of float32 numbers are added in float64.
  case doubleSums
  /// exp and ln are the database's.
  case functions
  /// Rows that the model refuses get NULL.
  case refusals

  var text: String {
    switch self {
    case .doubleSums: "leaves are the model's; this database adds them in float64, the model in float32"
    case .functions: "exp and ln are the database's, so what follows from them may differ in the last digits"
    case .refusals: "a row that the model refuses, such as one with a category that it does not know, gets NULL"
    }
  }
}
