import OpzModel

/// Operators that put columns together and take them apart.
extension ONNXOperators {
  static let selections: [String: ONNXTranslation.Operator] = [
    "Concat": { translation, node in [try concatenate(&translation, node)] },
    "Gather": { translation, node in [try gather(&translation, node)] },
    "ai.onnx.ml.ArrayFeatureExtractor": { translation, node in [try extract(&translation, node)] },
    "ai.onnx.ml.FeatureVectorizer": { translation, node in
      var operands: [ONNXRows] = []
      for index in node.inputs.indices {
        let rows = try translation.matrix(node, index)
        let number = ONNXRows(.float, [rows.width], source: .node(try translation.place(rows, as: .float32)))
        operands.append(number)
      }
      return [.rows(try sideBySide(&translation, node, operands: operands))]
    },
    "Slice": { translation, node in [try slice(&translation, node)] },
    "Split": { translation, node in try split(&translation, node) },
  ]

  private static func concatenate(_ translation: inout ONNXTranslation, _ node: ONNXNode) throws -> ONNXValue {
    let axis = try node.int("axis") ?? 1
    let operands = try node.inputs.indices.map { try translation.value(node, $0) }
    let constants = operands.compactMap { if case .constant(let tensor) = $0 { tensor } else { nil } }
    if constants.count == operands.count {
      guard constants.allSatisfy({ $0.dimensions.count == 1 }), let first = constants.first else {
        throw translation.unsupported(node, "constants of several dimensions")
      }
      let (numbers, texts) = (constants.flatMap(\.numbers), constants.flatMap(\.texts))
      return .constant(ONNXTensor(first.element, [numbers.count + texts.count], numbers: numbers, texts: texts))
    }
    var rows: [ONNXRows] = []
    for operand in operands {
      guard case .rows(let own) = operand else { throw translation.unsupported(node, "a constant beside rows") }
      let place = try translation.axis(node, axis, of: own) - 1
      guard own.dimensions[..<place].allSatisfy({ $0 == 1 }) else {
        throw translation.unsupported(node, "an axis within columns")
      }
      rows.append(own)
    }
    var result = try sideBySide(&translation, node, operands: rows)
    guard let first = rows.first else { throw translation.damaged(node, "it has no input") }
    let place = try translation.axis(node, axis, of: first) - 1
    guard rows.allSatisfy({ $0.dimensions.count == first.dimensions.count }) else {
      throw translation.damaged(node, "its inputs have different dimensions")
    }
    var dimensions = first.dimensions
    dimensions[place] = rows.reduce(0) { $0 + $1.dimensions[place] }
    guard dimensions.reduce(1, *) == result.width else {
      throw translation.damaged(node, "its inputs have different dimensions")
    }
    result.dimensions = dimensions
    return .rows(result)
  }

  /// The elements of each operand, one after the other. Columns of the inputs stay columns of the inputs.
  private static func sideBySide(
    _ translation: inout ONNXTranslation, _ node: ONNXNode, operands: [ONNXRows]
  ) throws -> ONNXRows {
    guard let first = operands.first, operands.allSatisfy({ $0.element == first.element }) else {
      throw translation.damaged(node, "its inputs have different types")
    }
    let width = operands.reduce(0) { $0 + $1.width }
    var columns: [Int] = []
    for case .inputs(let own) in operands.map(\.source) { columns += own }
    if columns.count == width { return ONNXRows(first.element, [width], source: .inputs(columns)) }
    guard operands.count > 1 else { return first.with([width]) }
    let nodes = try operands.map { try translation.place($0) }
    return ONNXRows(first.element, [width], source: .node(try translation.builder.add(.concatenate, nodes)))
  }

  /// Some elements of each row.
  static func select(
    _ translation: inout ONNXTranslation, _ rows: ONNXRows, indexes: [Int], dimensions: [Int]
  ) throws -> ONNXRows {
    var result = ONNXRows(rows.element, dimensions, source: rows.source, role: rows.role)
    switch rows.source {
    case .inputs(let columns) where indexes.allSatisfy(columns.indices.contains):
      result.source = .inputs(indexes.map { columns[$0] })
    case .inputs, .node:
      result.source = .node(try translation.builder.add(.select(indexes), [try translation.place(rows)]))
    }
    return result
  }

  /// Indexes of columns, which may count from the end.
  private static func indexes(
    _ translation: ONNXTranslation, _ node: ONNXNode, tensor: ONNXTensor, of width: Int
  ) throws -> [Int] {
    try tensor.numbers.map { number in
      guard let index = Int(exactly: number), (-width..<width).contains(index) else {
        throw translation.damaged(node, "column \(number) of \(width)")
      }
      return index < 0 ? index + width : index
    }
  }

  /// Columns of rows by indexes of the file, or elements of the file by indexes in rows.
  private static func gather(_ translation: inout ONNXTranslation, _ node: ONNXNode) throws -> ONNXValue {
    let axis = try node.int("axis") ?? 0
    switch (try translation.value(node), try translation.value(node, 1)) {
    case (.rows(let rows), .constant(let tensor)):
      guard try translation.axis(node, axis, of: rows) == 1, rows.dimensions.count == 1, tensor.dimensions.count <= 1
      else { throw translation.unsupported(node, "another axis than the columns'") }
      let indexes = try indexes(translation, node, tensor: tensor, of: rows.width)
      let dimensions = tensor.dimensions.isEmpty ? [] : [indexes.count]
      return .rows(try select(&translation, rows, indexes: indexes, dimensions: dimensions))
    case (.constant(let tensor), .rows(let rows)):
      guard axis == 0, tensor.dimensions.count == 1 else {
        throw translation.unsupported(node, "elements of a table of several dimensions")
      }
      try translation.spend(tensor.count, node)
      return .rows(try pick(&translation, tensor, by: rows))
    default: throw translation.unsupported(node, "indexes and elements that are both in the file or both in rows")
    }
  }

  private static func extract(_ translation: inout ONNXTranslation, _ node: ONNXNode) throws -> ONNXValue {
    switch (try translation.value(node), try translation.value(node, 1)) {
    case (.rows(let rows), .constant(let tensor)):
      guard rows.dimensions.count == 1 else { throw translation.unsupported(node, "another axis than the columns'") }
      let indexes = try indexes(translation, node, tensor: tensor, of: rows.width)
      return .rows(try select(&translation, rows, indexes: indexes, dimensions: [indexes.count]))
    case (.constant(let tensor), .rows(let rows)):
      // The result is a row of as many elements as there are rows; what follows makes a column of it.
      guard tensor.dimensions.reduce(1, *) == tensor.dimensions.last ?? 1, rows.width == 1 else {
        throw translation.unsupported(node, "elements of a table of several dimensions")
      }
      try translation.spend(tensor.count, node)
      return .rows(try pick(&translation, tensor, by: rows).with([]))
    default: throw translation.unsupported(node, "indexes and elements that are both in the file or both in rows")
    }
  }

  /// The elements of a list that whole numbers in rows count; a row with another number is refused.
  static func pick(
    _ translation: inout ONNXTranslation, _ tensor: ONNXTensor, by rows: ONNXRows
  ) throws -> ONNXRows {
    let keys = (0..<tensor.count).map { LookUp.Entry.number(Double($0)) }
    let values: [LookUp.Entry] =
      tensor.element == .string ? tensor.texts.map { .text($0) } : tensor.numbers.map { .number($0) }
    let node = try translation.builder.add(
      .lookUp(LookUp(keys: keys, values: values, otherwise: nil)), [try translation.place(rows)],
      as: tensor.element == .string ? nil : tensor.element.graphType)
    return rows.with(element: tensor.element, node: node)
  }

  // MARK: Ranges of columns

  private static func slice(_ translation: inout ONNXTranslation, _ node: ONNXNode) throws -> ONNXValue {
    guard let starts = try translation.integers(node, "starts", input: 1),
      let ends = try translation.integers(node, "ends", input: 2)
    else { throw translation.damaged(node, "it has no starts or ends") }
    let axes = try translation.integers(node, "axes", input: 3) ?? Array(starts.indices)
    let steps = try translation.integers(node, "steps", input: 4) ?? starts.map { _ in 1 }
    guard case .rows(let rows) = try translation.value(node), rows.dimensions.count == 1 else {
      throw translation.unsupported(node, "an input that is not rows x columns")
    }
    guard starts.count == ends.count, axes.count == starts.count, steps.count == starts.count else {
      throw translation.damaged(node, "lists of different lengths")
    }
    var indexes = Array(0..<rows.width)
    for (position, axis) in axes.enumerated() {
      if axis == 0 || axis == -2, starts[position] == 0, ends[position] >= Int(Int32.max), steps[position] == 1 {
        continue
      }
      guard try translation.axis(node, axis, of: rows) == 1, steps[position] != 0 else {
        throw translation.damaged(node, "a step of 0")
      }
      indexes = range(of: indexes.count, starts[position], ends[position], step: steps[position]).map { indexes[$0] }
    }
    return .rows(try select(&translation, rows, indexes: indexes, dimensions: [indexes.count]))
  }

  /// The indexes from a start to an end, both of which may count from the end or lie beyond it (ONNX, Slice).
  private static func range(of width: Int, _ start: Int, _ end: Int, step: Int) -> [Int] {
    func clamped(_ value: Int, _ low: Int, high: Int) -> Int {
      min(max(value < 0 ? max(value, -width - 1) + width : value, low), high)
    }
    let stride = max(-width - 1, min(step, width + 1))
    return step > 0
      ? Array(Swift.stride(from: clamped(start, 0, high: width), to: clamped(end, 0, high: width), by: stride))
      : Array(Swift.stride(from: clamped(start, 0, high: width - 1), to: clamped(end, -1, high: width - 1), by: stride))
  }

  private static func split(_ translation: inout ONNXTranslation, _ node: ONNXNode) throws -> [ONNXValue] {
    let rows = try translation.matrix(node)
    guard try translation.axis(node, node.int("axis") ?? 0, of: rows) == 1 else {
      throw translation.unsupported(node, "another axis than the columns'")
    }
    let count = max(1, node.outputs.count)
    // Equal parts, of which the last may be smaller.
    let part = (rows.width + count - 1) / count
    let sizes =
      try translation.integers(node, "split", input: 1)
      ?? (0..<count).map { max(0, min(part, rows.width - $0 * part)) }
    guard sizes.count == count, sizes.allSatisfy({ $0 > 0 && $0 <= rows.width }), sizes.reduce(0, +) == rows.width
    else {
      throw translation.damaged(node, "parts that are not as many columns as there are")
    }
    var start = 0
    var results: [ONNXValue] = []
    for size in sizes {
      results.append(.rows(try select(&translation, rows, indexes: Array(start..<(start + size)), dimensions: [size])))
      start += size
    }
    return results
  }
}
