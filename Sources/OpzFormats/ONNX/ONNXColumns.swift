import OpzModel

/// Operators on the columns of a row: sums, products with matrices, the greatest column.
extension ONNXOperators {
  static let columns: [String: ONNXTranslation.Operator] = {
    var table: [String: ONNXTranslation.Operator] = [
      "MatMul": { translation, node in [try matrixProduct(&translation, node)] },
      "Gemm": { translation, node in [try general(&translation, node)] },
      "Softmax": { translation, node in
        let rows = try translation.matrix(node)
        guard try translation.axis(node, node.int("axis") ?? (translation.version < 13 ? 1 : -1), of: rows) == 1 else {
          throw translation.unsupported(node, "another axis than the columns'")
        }
        let result = try translation.builder.add(.link(.softmax), [try translation.place(rows)])
        return [.rows(ONNXRows(rows.element, rows.dimensions, source: .node(result), role: .probability))]
      },
    ]
    let reductions: [String: Operation.Reduction] = [
      "ReduceSum": .sum, "ReduceMean": .mean, "ReduceMax": .maximum, "ReduceMin": .minimum, "ReduceProd": .product,
      "ReduceLogSumExp": .logSumExp,
    ]
    for (name, reduction) in reductions {
      table[name] = { translation, node in [try reduce(&translation, node, operation: .reduce(reduction))] }
    }
    for (name, operation) in ["ArgMax": Operation.argMax, "ArgMin": .argMin] {
      table[name] = { translation, node in
        guard try node.int("select_last_index") ?? 0 == 0 else {
          throw translation.unsupported(node, "the last of equal columns")
        }
        let axis = try node.int("axis") ?? 0
        return [try reduce(&translation, node, operation: operation, axes: [axis], element: .int64)]
      }
    }
    return table
  }()

  private static func reduce(
    _ translation: inout ONNXTranslation, _ node: ONNXNode, operation: Operation, axes: [Int]? = nil,
    element: ONNXElement? = nil
  ) throws -> ONNXValue {
    let rows = try translation.rows(node)
    guard let axes = try axes ?? translation.integers(node, "axes", input: 1), !axes.isEmpty else {
      throw translation.unsupported(node, "an operation that mixes rows")
    }
    guard rows.dimensions.count == 1, try axes.map({ try translation.axis(node, $0, of: rows) }) == [1] else {
      throw translation.unsupported(node, "another axis than the columns'")
    }
    let result = try translation.builder.add(operation, [try translation.place(rows)])
    let dimensions = try node.int("keepdims") ?? 1 == 0 ? [] : [1]
    return .rows(ONNXRows(element ?? rows.element, dimensions, source: .node(result)))
  }

  // MARK: Matrices

  private static func matrixProduct(_ translation: inout ONNXTranslation, _ node: ONNXNode) throws -> ONNXValue {
    let rows = try translation.matrix(node)
    guard let weights = try translation.constant(node, 1), (1...2).contains(weights.dimensions.count) else {
      throw translation.unsupported(node, "a product of tensors of more than two dimensions")
    }
    let dimensions = weights.dimensions.count == 2 ? [weights.dimensions[1]] : []
    guard rows.dimensions.count == 1, weights.dimensions[0] == rows.width else {
      throw translation.damaged(node, "\(rows.width) columns times \(weights.dimensions[0]) rows")
    }
    let result = try translation.builder.add(.matrixProduct(weights.numbers), [try translation.place(rows)])
    return .rows(ONNXRows(rows.element, dimensions, source: .node(result)))
  }

  private static func general(_ translation: inout ONNXTranslation, _ node: ONNXNode) throws -> ONNXValue {
    let rows = try translation.matrix(node)
    guard try node.int("transA") ?? 0 == 0, let weights = try translation.constant(node, 1),
      weights.dimensions.count == 2
    else { throw translation.unsupported(node, "a product that mixes rows") }
    let isTransposed = try node.int("transB") ?? 0 != 0
    let (inner, width) =
      isTransposed ? (weights.dimensions[1], weights.dimensions[0]) : (weights.dimensions[0], weights.dimensions[1])
    guard rows.dimensions.count == 1, inner == rows.width, width > 0 else {
      throw translation.damaged(node, "\(rows.width) columns times \(inner) rows")
    }
    try translation.spend(weights.count, node)
    let matrix = isTransposed ? transposed(weights.numbers, rows: width, columns: inner) : weights.numbers
    var result = try translation.builder.add(.matrixProduct(matrix), [try translation.place(rows)])
    let type = rows.element.graphType
    if let alpha = try node.float("alpha"), alpha != 1 {
      let factor = try translation.constant([alpha], as: type)
      result = try translation.builder.add(.arithmetic(.multiply), [result, factor])
    }
    if let bias = try translation.constant(node, 2), case let beta = try node.float("beta") ?? 1, beta != 0 {
      guard bias.count == 1 || bias.count == width else { throw translation.unsupported(node, "a bias for each row") }
      let added = try translation.constant(bias.numbers.map { $0 * beta }, as: type)
      result = try translation.builder.add(.arithmetic(.add), [result, added])
    }
    return .rows(ONNXRows(rows.element, [width], source: .node(result)))
  }

  /// A matrix of `rows` x `columns`, stored row by row, as `columns` x `rows`.
  static func transposed(_ matrix: [Double], rows: Int, columns: Int) -> [Double] {
    (0..<columns).flatMap { column in (0..<rows).map { matrix[$0 * columns + column] } }
  }
}
