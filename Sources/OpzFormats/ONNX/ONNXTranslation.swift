import OpzModel
import OpzWire

/// Makes the nodes of a model of those of an ONNX graph, one after the other.
struct ONNXTranslation {
  /// What a node computes: a value for each of its outputs.
  typealias Operator = @Sendable (inout ONNXTranslation, ONNXNode) throws -> [ONNXValue]

  var builder: ModelBuilder
  let document: ONNXDocument
  var values: [String: ONNXValue] = [:]
  /// The model's file, for errors.
  let name: String

  /// Columns of all values, and elements of tables that are made from few bytes.
  private var spent = 0

  init(builder: ModelBuilder, document: ONNXDocument, values: [String: ONNXValue], name: String) {
    self.builder = builder
    self.document = document
    self.values = values
    self.name = name
  }

  /// Bounds the memory that a small file can ask for: `count` more columns or elements.
  mutating func spend(_ count: Int, _ node: ONNXNode) throws {
    spent += min(count, ONNXTranslation.limit)
    guard spent <= ONNXTranslation.limit else {
      throw ModelError(
        .tooLarge, "\(name): \(node.label)",
        reason: "the model has more than \(ONNXTranslation.limit) columns in between",
        hint: ONNXReader.otherwise)
    }
  }

  private static let limit = 1 << 22

  /// The version of ai.onnx.
  var version: Int { Int(clamping: document.operatorSets[""] ?? 1) }

  // MARK: Errors

  func damaged(_ node: ONNXNode, _ reason: String) -> ModelError {
    ModelError(.damaged, "\(name): \(node.label)", reason: reason, hint: "save the model again")
  }

  func unsupported(_ node: ONNXNode, _ reason: String) -> ModelError {
    ModelError(
      .unsupported, "\(name): \(node.label)", reason: "\(reason), which opz does not score",
      hint: ONNXReader.otherwise)
  }

  // MARK: Operands

  /// The value of an input; nil where it is left out.
  mutating func optional(_ node: ONNXNode, _ index: Int) throws -> ONNXValue? {
    guard index < node.inputs.count, !node.inputs[index].isEmpty else { return nil }
    let name = node.inputs[index]
    if let value = values[name] { return value }
    guard let message = document.initializers[name] else {
      throw damaged(node, "its input \(name.prefix(80)) is computed nowhere before it")
    }
    let value = ONNXValue.constant(try ONNXTensor(message))
    values[name] = value
    return value
  }

  mutating func value(_ node: ONNXNode, _ index: Int = 0) throws -> ONNXValue {
    guard let value = try optional(node, index) else { throw damaged(node, "it has no input \(index)") }
    return value
  }

  /// An input that has a value for each row.
  mutating func rows(_ node: ONNXNode, _ index: Int = 0) throws -> ONNXRows {
    switch try value(node, index) {
    case .rows(let rows): return rows
    case .constant: throw unsupported(node, "an input \(index) that is the same for all rows")
    }
  }

  /// An input that has one or two dimensions: rows, and columns if any.
  mutating func matrix(_ node: ONNXNode, _ index: Int = 0) throws -> ONNXRows {
    let rows = try rows(node, index)
    guard rows.dimensions.count <= 1 else {
      throw unsupported(node, "an input of \(rows.dimensions.count + 1) dimensions")
    }
    return rows
  }

  /// An input that is in the file; nil where it is left out.
  mutating func constant(_ node: ONNXNode, _ index: Int) throws -> ONNXTensor? {
    switch try optional(node, index) {
    case .constant(let tensor): return tensor
    case .rows: throw unsupported(node, "an input \(index) that is computed from rows")
    case nil: return nil
    }
  }

  /// The whole numbers of an attribute or, in later versions, of an input; nil without both.
  mutating func integers(_ node: ONNXNode, _ attribute: String, input index: Int) throws -> [Int]? {
    if node.has(attribute) { return try node.ints(attribute) }
    guard let tensor = try constant(node, index) else { return nil }
    return try tensor.numbers.map { number in
      guard let whole = Int(exactly: number) ?? (number > 0 ? Int.max : nil) else {
        throw damaged(node, "\(number) is not a whole number")
      }
      return whole
    }
  }

  // MARK: Nodes

  /// The node of a value.
  mutating func place(_ rows: ONNXRows) throws -> Int {
    switch rows.source {
    case .node(let node): return node
    case .inputs(let columns):
      let node = try builder.add(.inputs(columns))
      let type = try builder.type(node)
      let wanted = rows.element.graphType
      return type.element == wanted ? node : try builder.add(.cast, [node], as: wanted)
    }
  }

  /// A value in another type of numbers.
  mutating func place(_ rows: ONNXRows, as element: ElementType) throws -> Int {
    let node = try place(rows)
    return try builder.type(node).element == element ? node : try builder.add(.cast, [node], as: element)
  }

  /// A node of the same elements in each row.
  mutating func constant(_ values: [Double], as element: ElementType) throws -> Int {
    try builder.add(.constant(values), as: element)
  }

  /// An axis that counts from the end where it is negative; the first axis of the elements in a row is 1.
  func axis(_ node: ONNXNode, _ axis: Int, of rows: ONNXRows) throws -> Int {
    let rank = rows.dimensions.count + 1
    let index = axis < 0 ? axis &+ rank : axis
    guard (0..<rank).contains(index) else { throw damaged(node, "axis \(axis) of \(rank) dimensions") }
    guard index > 0 else { throw unsupported(node, "an operation that mixes rows") }
    return index
  }

  // MARK: Broadcasting

  /// Nodes of operands with the same elements per row, or one, and their common dimensions (ONNX, "Multidirectional
  /// Broadcasting"). A value that would mix rows is refused.
  mutating func broadcast(_ node: ONNXNode, _ operands: [ONNXValue]) throws -> (nodes: [Int], dimensions: [Int]) {
    let ranks = operands.map { if case .rows(let rows) = $0 { rows.dimensions.count } else { 0 } }
    guard let rank = ranks.max() else { throw damaged(node, "it has no input") }
    var shapes: [[Int]] = []
    for operand in operands {
      switch operand {
      case .rows(let rows):
        guard rows.dimensions.count == rank else { throw unsupported(node, "an operation that mixes rows") }
        shapes.append(rows.dimensions)
      case .constant(let tensor):
        let own = tensor.dimensions
        guard own.count <= rank || own.count == rank + 1 && own[0] == 1 else {
          throw unsupported(node, "an operation that mixes rows")
        }
        shapes.append(Array(repeating: 1, count: max(0, rank - own.count)) + own.suffix(rank))
      }
    }
    var common = [Int](repeating: 1, count: rank)
    for shape in shapes {
      for (axis, size) in shape.enumerated() where size != common[axis] && size != 1 {
        guard common[axis] == 1 else { throw damaged(node, "its inputs have different dimensions") }
        common[axis] = size
      }
    }
    guard
      common.reduce(1, { $0.multipliedReportingOverflow(by: $1).overflow ? .max : $0 &* $1 })
        <= ModelBuilder.widthLimit
    else { throw damaged(node, "more than \(ModelBuilder.widthLimit) columns") }
    var nodes: [Int] = []
    for (operand, shape) in zip(operands, shapes) { nodes.append(try expand(operand, shape, common: common)) }
    return (nodes, common)
  }

  /// The node of an operand, its elements repeated to the common dimensions; one element stays one.
  private mutating func expand(_ operand: ONNXValue, _ shape: [Int], common: [Int]) throws -> Int {
    let isOne = shape.allSatisfy { $0 == 1 }
    let indexes = isOne || shape == common ? nil : ONNXTranslation.repeated(shape, common)
    switch operand {
    case .rows(let rows):
      let node = try place(rows)
      return try indexes.map { try builder.add(.select($0), [node]) } ?? node
    case .constant(let tensor):
      guard tensor.element != .string else {
        let texts = indexes.map { $0.map { tensor.texts[$0] } } ?? tensor.texts
        return try textConstant(texts)
      }
      let numbers = indexes.map { $0.map { tensor.numbers[$0] } } ?? tensor.numbers
      return try constant(numbers, as: tensor.element.graphType)
    }
  }

  /// For each element of the common dimensions, the element of `shape` that it is.
  private static func repeated(_ shape: [Int], _ common: [Int]) -> [Int] {
    (0..<common.reduce(1, *)).map { position in
      var (rest, index, stride) = (position, 0, 1)
      for axis in common.indices.reversed() {
        let coordinate = rest % common[axis]
        rest /= common[axis]
        if shape[axis] > 1 { index += coordinate * stride }
        stride *= shape[axis]
      }
      return index
    }
  }

  /// The same texts in each row: the graph's constants are numbers, so each text is looked up.
  private mutating func textConstant(_ texts: [String]) throws -> Int {
    let numbers = try constant(texts.indices.map { Double($0) }, as: .float64)
    return try builder.add(
      .lookUp(
        LookUp(keys: texts.indices.map { .number(Double($0)) }, values: texts.map { .text($0) }, otherwise: .text(""))),
      [numbers])
  }
}
