import OpzModel

extension ModelColumns {
  /// A node that is computed element by element or row by row.
  mutating func compute(_ node: Model.Node, _ operands: [[SQLExpression]]) throws -> [SQLExpression] {
    let element = node.type.element
    let first = operands.first ?? []
    switch node.operation {
    case .cast: return first.map { cast($0, to: element) }
    case .impute(let numbers):
      return zip(first, numbers).map { stages.add(.call(.coalesce, [$0, literal($1, element)])) }
    case .isMissing: return first.map { stages.add(.choose(.isNull($0), .number(1), else: .number(0))) }
    case .function(let function): return try first.map { try apply(function, $0, element: element) }
    case .arithmetic(let operation):
      return try pairs(operands) { try $0.arithmetic(operation, $1, with: $2, element: element) }
    case .compare(let comparison): return pairs(operands) { $0.compare(comparison, $1, with: $2) }
    case .choose: return choose(operands, width: node.type.width)
    case .lookUp(let table):
      return first.map { lookUp($0, table, isText: model.isText(node.operands[0]), element: element) }
    case .pick(let rows): return first.first.map { pick($0, rows, element: element) } ?? []
    case .reduce(let reduction): return [try reduce(reduction, first, element: element)]
    case .normalize(let norm): return normalize(norm, first, element: element)
    case .matrixProduct(let weights): return try product(first, weights, type: node.type)
    case .argMax: return [try best(first, isComplete[node.operands[0]], isBetter: SQLExpression.greaterOrEqual)]
    case .argMin: return [try best(first, isComplete[node.operands[0]], isBetter: SQLExpression.lessOrEqual)]
    case .link(let link): return try apply(link, first, element: element)
    case .weightedMedian: throw unsupported("a weighted median")
    case .inputs, .constant, .select, .concatenate, .trees: return []
    }
  }

  func unsupported(_ what: String) -> SQLError {
    SQLError(
      .unsupported, model.objective, reason: "\(what) cannot be written as SQL",
      hint: "score the rows outside of the database: opz score")
  }

  private mutating func cast(_ operand: SQLExpression, to element: ElementType) -> SQLExpression {
    switch element {
    case .integer:
      stages.add(
        .choose(operand < .number(0), .call(.ceiling, [operand]), else: .call(.floor, [operand])))
    case .float64: stages.add(.cast(operand, .float64))
    case .float32: narrowed(operand)
    case .text: stages.add(.cast(operand, .text))
    }
  }

  /// Element by element; an operand of width 1 counts for all columns.
  private mutating func pairs(
    _ operands: [[SQLExpression]],
    _ combine: (inout ModelColumns, SQLExpression, SQLExpression) throws -> SQLExpression
  ) rethrows -> [SQLExpression] {
    let width = max(operands[0].count, operands[1].count)
    return try (0..<width).map { index in
      try combine(
        &self, operands[0][operands[0].count == 1 ? 0 : index], operands[1][operands[1].count == 1 ? 0 : index])
    }
  }

  private mutating func arithmetic(
    _ operation: Operation.Arithmetic, _ x: SQLExpression, with y: SQLExpression, element: ElementType
  ) throws -> SQLExpression {
    switch operation {
    case .add: return rounded(x + y, to: element)
    case .subtract: return rounded(x - y, to: element)
    case .multiply: return rounded(x * y, to: element)
    // A quotient by zero is an error in some databases.
    case .divide: return rounded(.choose(.infix(.notEqual, [y, .number(0)]), x / y, else: .null), to: element)
    case .power:
      notes.insert(.functions)
      let isImaginary = SQLExpression.all([x < .number(0), .infix(.notEqual, [y, .call(.floor, [y])])])
      let isInfinite = SQLExpression.all([.equal(x, .number(0)), y < .number(0)])
      return rounded(.choose(.any([isImaginary, isInfinite]), .null, else: .call(.power, [x, y])), to: element)
    // NULL if one of them is.
    case .minimum: return stages.add(.cases([SQLCase(x <= y, x), SQLCase(x > y, y)], otherwise: .null))
    case .maximum: return stages.add(.cases([SQLCase(x >= y, x), SQLCase(x < y, y)], otherwise: .null))
    case .modulo: throw unsupported("a remainder")
    case .and: return stages.add(.choose(.all([isTrue(x), isTrue(y)]), .number(1), else: .number(0)))
    case .or: return stages.add(.choose(.any([isTrue(x), isTrue(y)]), .number(1), else: .number(0)))
    }
  }

  /// NaN counts as true, for it is not 0.
  private func isTrue(_ x: SQLExpression) -> SQLExpression { .any([.isNull(x), .infix(.notEqual, [x, .number(0)])]) }

  private mutating func compare(
    _ comparison: Operation.Comparison, _ x: SQLExpression, with y: SQLExpression
  ) -> SQLExpression {
    let condition: SQLExpression
    switch comparison {
    case .less: condition = x < y
    case .lessOrEqual: condition = x <= y
    case .greater: condition = x > y
    case .greaterOrEqual: condition = x >= y
    case .equal: condition = .equal(x, y)
    case .notEqual: return stages.add(.choose(.equal(x, y), .number(0), else: .number(1)))
    }
    return stages.add(.choose(condition, .number(1), else: .number(0)))
  }

  private mutating func choose(_ operands: [[SQLExpression]], width: Int) -> [SQLExpression] {
    (0..<width).map { index in
      func at(_ operand: [SQLExpression]) -> SQLExpression { operand[operand.count == 1 ? 0 : index] }
      return stages.add(.choose(.equal(at(operands[0]), .number(0)), at(operands[2]), else: at(operands[1])))
    }
  }

  /// What a table has for an element. Where it has nothing, the row is refused.
  private mutating func lookUp(
    _ operand: SQLExpression, _ table: LookUp, isText: Bool, element: ElementType
  ) -> SQLExpression {
    func entry(_ entry: LookUp.Entry) -> SQLExpression {
      switch entry {
      case .number(let number): literal(number, element)
      case .text(let text): .text(text)
      }
    }
    let operand = isText ? SQLExpression.bytes(operand) : operand
    var seen: Set<LookUp.Entry> = []
    var cases: [SQLCase] = []
    var ofMissing = isText ? table.missing : nil
    for (key, value) in zip(table.keys, table.values) where seen.insert(key).inserted {
      switch key {
      case .number(let number) where number.isNaN: ofMissing = ofMissing ?? value
      case .number(let number): cases.append(SQLCase(.equal(operand, .number(number)), entry(value)))
      case .text(let text): cases.append(SQLCase(.equal(operand, .text(text)), entry(value)))
      }
    }
    if let ofMissing { cases.insert(SQLCase(.isNull(operand), entry(ofMissing)), at: 0) }
    if table.otherwise == nil {
      notes.insert(.refusals)
      let known = cases.map { SQLCase($0.condition, .number(0)) }
      refusals.append(stages.add(known.isEmpty ? .number(1) : .cases(known, otherwise: .number(1))))
    }
    let otherwise = table.otherwise.map(entry) ?? .null
    return cases.isEmpty ? otherwise : stages.add(.cases(cases, otherwise: otherwise))
  }

  private mutating func pick(_ index: SQLExpression, _ rows: [[Double]], element: ElementType) -> [SQLExpression] {
    (rows.first ?? []).indices.map { column in
      let cases = rows.enumerated().compactMap { row, numbers in
        numbers[column] == 0
          ? nil : SQLCase(.equal(index, .number(Double(row))), literal(numbers[column], element))
      }
      return cases.isEmpty ? literal(0, element) : stages.add(.cases(cases, otherwise: literal(0, element)))
    }
  }

  // MARK: Rows

  private mutating func reduce(
    _ reduction: Operation.Reduction, _ row: [SQLExpression], element: ElementType
  ) throws -> SQLExpression {
    switch reduction {
    case .sum: return rounded(.infix(.add, row), to: element)
    case .mean:
      return rounded(rounded(.infix(.add, row), to: element) / literal(Double(row.count), element), to: element)
    case .product: return rounded(.infix(.multiply, row), to: element)
    case .minimum, .maximum:
      guard var best = row.first else { return .null }
      for next in row.dropFirst() {
        best = try arithmetic(reduction == .minimum ? .minimum : .maximum, best, with: next, element: element)
      }
      return best
    case .logSumExp:
      let top = greatest(row)
      let parts = row.map { exponential($0 - top) }
      notes.insert(.functions)
      return rounded(top + .call(.ln, [stages.add(.infix(.add, parts))]), to: element)
    }
  }

  /// The greatest of numbers, none of which is missing.
  mutating func greatest(_ row: [SQLExpression]) -> SQLExpression {
    guard var best = row.first else { return .null }
    for next in row.dropFirst() { best = stages.add(.choose(next > best, next, else: best)) }
    return best
  }

  private mutating func normalize(
    _ norm: Operation.Norm, _ row: [SQLExpression], element: ElementType
  ) -> [SQLExpression] {
    let absolutes = row.map { SQLExpression.call(.absolute, [$0]) }
    let size: SQLExpression
    switch norm {
    case .max: size = greatest(absolutes.map { stages.add($0) })
    case .l1: size = rounded(.infix(.add, absolutes), to: element)
    case .l2: size = rounded(.call(.sqrt, [.infix(.add, row.map { $0 * $0 })]), to: element)
    }
    return row.map { rounded(.choose(.equal(size, .number(0)), $0, else: $0 / size), to: element) }
  }

  private mutating func product(
    _ row: [SQLExpression], _ weights: [Double], type: ValueType
  ) throws -> [SQLExpression] {
    try take(weights.count)
    return (0..<type.width).map { column in
      let products = row.enumerated().map { $1 * literal(weights[$0 * type.width + column], type.element) }
      return rounded(.infix(.add, products), to: type.element)
    }
  }

  /// The index of the best element: the first that none after it beats, since none before it was that. A missing one is
  /// the best only if it is the first.
  private mutating func best(
    _ row: [SQLExpression], _ isComplete: Bool, isBetter: (SQLExpression, SQLExpression) -> SQLExpression
  ) throws -> SQLExpression {
    try take(row.count * (row.count + 1) / 2)
    var cases: [SQLCase] = []
    if !isComplete, let first = row.first { cases.append(SQLCase(.isNull(first), .number(0))) }
    for index in row.indices.dropLast() {
      let conditions = row[(index + 1)...].map { other in
        isComplete
          ? isBetter(row[index], other)
          : SQLExpression.any([isBetter(row[index], other), .all([.isNull(other), .isNotNull(row[index])])])
      }
      cases.append(SQLCase(.all(conditions), .number(Double(index))))
    }
    return cases.isEmpty ? .number(0) : stages.add(.cases(cases, otherwise: .number(Double(row.count - 1))))
  }
}

extension SQLExpression {
  static func greaterOrEqual(_ x: SQLExpression, _ y: SQLExpression) -> SQLExpression { x >= y }
  static func lessOrEqual(_ x: SQLExpression, _ y: SQLExpression) -> SQLExpression { x <= y }
}

extension Model {
  func isText(_ node: Int) -> Bool { nodes[node].type.element == .text }
}
