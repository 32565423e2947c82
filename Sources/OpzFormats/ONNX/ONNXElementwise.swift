import OpzModel

/// Operators on each element, and on the columns of a row.
extension ONNXOperators {
  static let elementwise: [String: ONNXTranslation.Operator] = {
    var table: [String: ONNXTranslation.Operator] = [
      "Pow": { translation, node in [try power(&translation, node)] },
      "Div": { translation, node in [try divide(&translation, node)] },
      "Clip": { translation, node in [try clip(&translation, node)] },
      "Relu": { translation, node in
        let rows = try translation.rows(node)
        let zero = try translation.constant([0], as: rows.element.graphType)
        let result = try translation.builder.add(.arithmetic(.maximum), [try translation.place(rows), zero])
        return [.rows(ONNXRows(rows.element, rows.dimensions, source: .node(result)))]
      },
      "Where": { translation, node in [try choose(&translation, node)] },
      "IsNaN": { translation, node in
        let rows = try translation.rows(node)
        let result = try translation.builder.add(.isMissing, [try translation.place(rows)])
        return [.rows(ONNXRows(.bool, rows.dimensions, source: .node(result)))]
      },
      "Mean": { translation, node in
        let rows = try fold(&translation, node, arithmetic: .add)
        let count = try translation.constant([Double(node.inputs.count)], as: rows.element.graphType)
        let result = try translation.builder.add(.arithmetic(.divide), [try translation.place(rows), count])
        return [.rows(rows.with(node: result))]
      },
    ]
    let functions: [String: Operation.Function] = [
      "Neg": .negate, "Abs": .absolute, "Exp": .exp, "Log": .log, "Sqrt": .sqrt, "Sigmoid": .sigmoid, "Tanh": .tanh,
      "Floor": .floor, "Ceil": .ceil, "Round": .round, "Sign": .sign, "Reciprocal": .reciprocal, "Not": .not,
    ]
    for (name, function) in functions {
      table[name] = { translation, node in
        let rows = try translation.rows(node)
        let result = try translation.builder.add(.function(function), [try translation.place(rows)])
        return [.rows(ONNXRows(rows.element, rows.dimensions, source: .node(result)))]
      }
    }
    let pairs: [String: Operation.Arithmetic] = [
      "Add": .add, "Sub": .subtract, "Mul": .multiply, "And": .and, "Or": .or, "Sum": .add, "Max": .maximum,
      "Min": .minimum,
    ]
    for (name, arithmetic) in pairs {
      table[name] = { translation, node in [.rows(try fold(&translation, node, arithmetic: arithmetic))] }
    }
    let comparisons: [String: Operation.Comparison] = [
      "Less": .less, "LessOrEqual": .lessOrEqual, "Greater": .greater, "GreaterOrEqual": .greaterOrEqual,
      "Equal": .equal,
    ]
    for (name, comparison) in comparisons {
      table[name] = { translation, node in [try compare(&translation, node, comparison: comparison)] }
    }
    return table
  }()

  /// The values of all inputs, and the element type of those that have rows.
  private static func operands(
    _ translation: inout ONNXTranslation, _ node: ONNXNode
  ) throws -> (values: [ONNXValue], element: ONNXElement) {
    let values = try node.inputs.indices.map { try translation.value(node, $0) }
    guard let rows = values.compactMap({ if case .rows(let rows) = $0 { rows } else { nil } }).last else {
      throw translation.unsupported(node, "inputs that are the same for all rows")
    }
    return (values, rows.element)
  }

  private static func fold(
    _ translation: inout ONNXTranslation, _ node: ONNXNode, arithmetic: Operation.Arithmetic
  ) throws -> ONNXRows {
    let (values, element) = try operands(&translation, node)
    let (nodes, dimensions) = try translation.broadcast(node, values)
    var result = nodes[0]
    for operand in nodes.dropFirst() {
      result = try translation.builder.add(.arithmetic(arithmetic), [result, operand])
    }
    return try widened(&translation, element, dimensions: dimensions, node: result)
  }

  /// A result that is narrower than its dimensions say, because all operands have one element, is repeated.
  private static func widened(
    _ translation: inout ONNXTranslation, _ element: ONNXElement, dimensions: [Int], node: Int
  ) throws -> ONNXRows {
    let width = dimensions.reduce(1, *)
    guard try translation.builder.type(node).width < width else {
      return ONNXRows(element, dimensions, source: .node(node))
    }
    let repeated = try translation.builder.add(.select(Array(repeating: 0, count: width)), [node])
    return ONNXRows(element, dimensions, source: .node(repeated))
  }

  private static func divide(_ translation: inout ONNXTranslation, _ node: ONNXNode) throws -> ONNXValue {
    let quotient = try fold(&translation, node, arithmetic: .divide)
    guard quotient.element.isInteger else { return .rows(quotient) }
    // Integers are divided towards zero.
    let whole = try translation.builder.add(.cast, [try translation.place(quotient)], as: .integer)
    return .rows(quotient.with(node: whole))
  }

  /// ONNX Runtime multiplies where the exponent is the number 2 or 3 (core/providers/cpu/math/element_wise_ops.cc).
  private static func power(_ translation: inout ONNXTranslation, _ node: ONNXNode) throws -> ONNXValue {
    guard case .rows(let rows) = try translation.value(node) else {
      return .rows(try fold(&translation, node, arithmetic: .power))
    }
    if case .constant(let exponent) = try translation.value(node, 1), exponent.count == 1,
      let number = exponent.numbers.first
    {
      let operand = try translation.place(rows)
      if number == 2 || number == 3 {
        let square = try translation.builder.add(.function(.square), [operand])
        let result = number == 2 ? square : try translation.builder.add(.arithmetic(.multiply), [square, operand])
        return .rows(ONNXRows(rows.element, rows.dimensions, source: .node(result)))
      }
      let constant = try translation.constant([number], as: rows.element.graphType)
      let result = try translation.builder.add(.arithmetic(.power), [operand, constant])
      return .rows(ONNXRows(rows.element, rows.dimensions, source: .node(result)))
    }
    return .rows(try fold(&translation, node, arithmetic: .power))
  }

  private static func clip(_ translation: inout ONNXTranslation, _ node: ONNXNode) throws -> ONNXValue {
    let rows = try translation.rows(node)
    let least = try node.float("min") ?? translation.constant(node, 1)?.numbers.first
    let greatest = try node.float("max") ?? translation.constant(node, 2)?.numbers.first
    var result = try translation.place(rows)
    for (limit, arithmetic) in [(least, Operation.Arithmetic.maximum), (greatest, .minimum)] {
      guard let limit else { continue }
      let bound = try translation.constant([limit], as: rows.element.graphType)
      result = try translation.builder.add(.arithmetic(arithmetic), [result, bound])
    }
    return .rows(ONNXRows(rows.element, rows.dimensions, source: .node(result)))
  }

  private static func choose(_ translation: inout ONNXTranslation, _ node: ONNXNode) throws -> ONNXValue {
    let values = try (0..<3).map { try translation.value(node, $0) }
    let (nodes, dimensions) = try translation.broadcast(node, values)
    let element =
      switch values[1] {
      case .rows(let rows): rows.element
      case .constant(let tensor): tensor.element
      }
    let result = try translation.builder.add(.choose, nodes)
    return .rows(try widened(&translation, element, dimensions: dimensions, node: result))
  }

  private static func compare(
    _ translation: inout ONNXTranslation, _ node: ONNXNode, comparison: Operation.Comparison
  ) throws -> ONNXValue {
    let (values, element) = try operands(&translation, node)
    if element == .string {
      guard comparison == .equal, case .rows(let rows) = values[0], case .constant(let text) = values[1],
        text.texts.count == 1
      else { throw translation.unsupported(node, "texts that are compared with several others") }
      let table = LookUp(keys: [.text(text.texts[0])], values: [.number(1)], otherwise: .number(0))
      let result = try translation.builder.add(.lookUp(table), [try translation.place(rows)], as: .integer)
      return .rows(ONNXRows(.bool, rows.dimensions, source: .node(result)))
    }
    let (nodes, dimensions) = try translation.broadcast(node, values)
    let result = try translation.builder.add(.compare(comparison), nodes)
    return .rows(try widened(&translation, .bool, dimensions: dimensions, node: result))
  }
}
