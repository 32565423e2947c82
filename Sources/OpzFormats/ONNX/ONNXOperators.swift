import OpzModel

/// The operators that are read, by their names in errors. Each is a function from the operands' values to the results'.
enum ONNXOperators {
  static let all: [String: ONNXTranslation.Operator] = {
    var table: [String: ONNXTranslation.Operator] = [:]
    for group in [shapes, selections, elementwise, columns, encoders, predictors] {
      table.merge(group) { first, _ in first }
    }
    return table
  }()

  // MARK: Shapes and types

  private static let shapes: [String: ONNXTranslation.Operator] = [
    "Identity": { translation, node in [try translation.value(node)] },
    "Dropout": { translation, node in [try translation.value(node)] },
    "Constant": { translation, node in [.constant(try constant(translation, node))] },
    "Cast": { translation, node in [try cast(&translation, node)] },
    "Reshape": { translation, node in [try reshape(&translation, node)] },
    "Flatten": { translation, node in
      let rows = try translation.rows(node)
      guard try node.int("axis") ?? 1 == 1 else { throw translation.unsupported(node, "another axis than 1") }
      return [.rows(rows.with([rows.width]))]
    },
    "Squeeze": { translation, node in [try squeeze(&translation, node)] },
    "Unsqueeze": { translation, node in [try unsqueeze(&translation, node)] },
  ]

  private static func constant(_ translation: ONNXTranslation, _ node: ONNXNode) throws -> ONNXTensor {
    if let tensor = try node.tensor("value") { return tensor }
    if let number = try node.float("value_float") { return ONNXTensor(.float, [], numbers: [number]) }
    if let number = try node.int("value_int") { return ONNXTensor(.int64, [], numbers: [Double(number)]) }
    if let text = try node.text("value_string") { return ONNXTensor(.string, [], texts: [text]) }
    let (floats, ints) = (try node.floats("value_floats"), try node.ints("value_ints"))
    if node.has("value_floats") { return ONNXTensor(.float, [floats.count], numbers: floats) }
    if node.has("value_ints") { return ONNXTensor(.int64, [ints.count], numbers: ints.map { Double($0) }) }
    if node.has("value_strings") {
      let texts = try node.texts("value_strings")
      return ONNXTensor(.string, [texts.count], texts: texts)
    }
    throw translation.unsupported(node, "a constant of another type")
  }

  private static func cast(_ translation: inout ONNXTranslation, _ node: ONNXNode) throws -> ONNXValue {
    guard let target = try ONNXElement(rawValue: node.int("to") ?? 0) else {
      throw translation.unsupported(node, "a cast to type \(try node.int("to") ?? 0)")
    }
    switch try translation.value(node) {
    case .constant(let tensor):
      guard (tensor.element == .string) == (target == .string) else {
        throw translation.unsupported(node, "a cast between texts and numbers")
      }
      var result = tensor
      result.element = target
      result.numbers = tensor.numbers.map { number in
        switch target {
        case .float: Double(Float(number))
        case .bool: number == 0 ? 0 : 1
        case .double, .string: number
        default: number.rounded(.towardZero)
        }
      }
      return .constant(result)
    case .rows(let rows):
      guard rows.element != target else { return .rows(rows) }
      guard rows.element != .string, target != .string else {
        throw translation.unsupported(node, "a cast between texts and numbers")
      }
      if target == .bool {
        let operand = try translation.place(rows)
        let zero = try translation.constant([0], as: rows.element.graphType)
        let truth = try translation.builder.add(.compare(.notEqual), [operand, zero])
        return .rows(rows.with(element: .bool, node: truth))
      }
      return .rows(rows.with(element: target, node: try translation.place(rows, as: target.graphType)))
    }
  }

  // MARK: Dimensions

  /// Only what keeps rows together: the first dimension stays, and the elements of a row too.
  private static func reshape(_ translation: inout ONNXTranslation, _ node: ONNXNode) throws -> ONNXValue {
    guard let shape = try translation.integers(node, "shape", input: 1) else {
      throw translation.damaged(node, "it has no shape")
    }
    switch try translation.value(node) {
    case .constant(let tensor):
      var result = shape.enumerated().map { $1 == 0 && $0 < tensor.dimensions.count ? tensor.dimensions[$0] : $1 }
      let known = result.filter { $0 >= 0 }.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
      if let free = result.firstIndex(of: -1), known > 0 { result[free] = tensor.count / known }
      guard result.allSatisfy({ $0 >= 0 && $0 <= tensor.count }),
        result.reduce(1, { $0.multipliedReportingOverflow(by: $1).partialValue }) == tensor.count
      else { throw translation.damaged(node, "an impossible shape") }
      return .constant(tensor.with(result))
    case .rows(let rows):
      var rest = Array(shape.dropFirst())
      for (axis, size) in rest.enumerated() where size == 0 && axis < rows.dimensions.count {
        rest[axis] = rows.dimensions[axis]
      }
      if let free = rest.firstIndex(of: -1), shape[0] != -1 {
        let known = rest.filter { $0 != -1 }.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
        if known > 0 { rest[free] = rows.width / known }
      }
      guard let first = shape.first, first == -1 || first == 0, rest.allSatisfy({ $0 > 0 && $0 <= rows.width }),
        rest.reduce(1, { $0.multipliedReportingOverflow(by: $1).partialValue }) == rows.width
      else { throw translation.unsupported(node, "a shape that mixes rows") }
      return .rows(rows.with(rest))
    }
  }

  private static func squeeze(_ translation: inout ONNXTranslation, _ node: ONNXNode) throws -> ONNXValue {
    let axes = try translation.integers(node, "axes", input: 1)
    switch try translation.value(node) {
    case .constant(let tensor):
      let rank = tensor.dimensions.count
      let chosen = axes.map { $0.map { $0 < 0 ? $0 &+ rank : $0 } }
      let kept = tensor.dimensions.indices.filter {
        !(tensor.dimensions[$0] == 1 && chosen?.contains($0) != false)
      }
      return .constant(tensor.with(kept.map { tensor.dimensions[$0] }))
    case .rows(let rows):
      let chosen = try axes?.map { try translation.axis(node, $0, of: rows) - 1 }
      guard chosen?.allSatisfy({ rows.dimensions[$0] == 1 }) != false else {
        throw translation.damaged(node, "a dimension that is not 1 is squeezed")
      }
      let kept = rows.dimensions.indices.filter { !(rows.dimensions[$0] == 1 && chosen?.contains($0) != false) }
      return .rows(rows.with(kept.map { rows.dimensions[$0] }))
    }
  }

  private static func unsqueeze(_ translation: inout ONNXTranslation, _ node: ONNXNode) throws -> ONNXValue {
    guard let axes = try translation.integers(node, "axes", input: 1), axes.count <= 8 else {
      throw translation.damaged(node, "it has no axes, or too many")
    }
    func inserted(_ dimensions: [Int]) throws -> [Int] {
      let rank = dimensions.count + axes.count
      let places = Set(axes.map { $0 < 0 ? $0 &+ rank : $0 })
      guard places.count == axes.count, places.allSatisfy({ (0..<rank).contains($0) }) else {
        throw translation.damaged(node, "impossible axes")
      }
      var rest = dimensions[...]
      return (0..<rank).map { places.contains($0) ? 1 : rest.popFirst() ?? 1 }
    }
    switch try translation.value(node) {
    case .constant(let tensor): return .constant(tensor.with(try inserted(tensor.dimensions)))
    case .rows(let rows):
      // -1 stands for the rows, which have to stay first.
      let all = try inserted([-1] + rows.dimensions)
      guard all.first == -1 else { throw translation.unsupported(node, "an operation that mixes rows") }
      return .rows(rows.with(Array(all.dropFirst())))
    }
  }
}
