/// The type of an operation's result, or why the operands do not fit.
struct TypeRules {
  let builder: ModelBuilder
  let operation: Operation
  let operands: [ValueType]
  /// What the caller asks for.
  let element: ElementType?

  func result() throws -> ValueType {
    switch operation {
    case .inputs(let columns): return try inputs(columns)
    case .constant(let values): return ValueType(try numeric(element ?? .float64), width: values.count)
    case .cast: return ValueType(try numeric(element), width: try number().width)
    case .select(let columns):
      let operand = try only()
      guard columns.allSatisfy({ (0..<operand.width).contains($0) }) else {
        throw misfit("a column beyond \(operand.width)")
      }
      return ValueType(operand.element, width: columns.count)
    case .concatenate: return try concatenated()
    case .impute(let values): return try number(width: values.count)
    case .isMissing: return ValueType(.integer, width: try number().width)
    case .function(.not): return ValueType(.integer, width: try number().width)
    case .function: return try number()
    case .arithmetic: return try pair(of: operands)
    case .compare: return ValueType(.integer, width: try pair(of: operands).width)
    case .choose: return try choice()
    case .lookUp(let table): return try lookUp(table)
    case .pick(let rows): return try pick(rows)
    case .reduce: return ValueType(try number().element, width: 1)
    case .weightedMedian(let weights): return ValueType(try number(width: weights.count).element, width: 1)
    case .normalize: return try number()
    case .matrixProduct(let weights): return try product(weights)
    case .argMax, .argMin: return ValueType(.integer, width: try number().width > 0 ? 1 : 0)
    case .trees(let ensemble): return try trees(ensemble)
    case .link: return try number()
    }
  }

  // MARK: Operands

  private func only() throws -> ValueType {
    guard operands.count == 1 else { throw misfit("\(operands.count) operands") }
    return operands[0]
  }

  private func number(width: Int? = nil) throws -> ValueType {
    let type = try only()
    guard type.isNumeric else { throw misfit("texts") }
    if let width, width != type.width { throw misfit("\(width) numbers for \(type.width) columns") }
    return type
  }

  private func numeric(_ element: ElementType?) throws -> ElementType {
    guard let element, element != .text else { throw misfit("no type of numbers") }
    return element
  }

  /// Two operands of one element type; one of width 1 counts for all columns.
  private func pair(of types: [ValueType]) throws -> ValueType {
    guard types.count == 2, types[0].isNumeric, types[0].element == types[1].element else {
      throw misfit("\(types.count) operands, or operands of different types")
    }
    guard types[0].width == types[1].width || types.contains(where: { $0.width == 1 }) else {
      throw misfit("\(types[0].width) and \(types[1].width) columns")
    }
    return ValueType(types[0].element, width: max(types[0].width, types[1].width))
  }

  // MARK: Operations

  private func inputs(_ columns: [Int]) throws -> ValueType {
    guard operands.isEmpty, columns.allSatisfy(builder.inputs.indices.contains) else { throw misfit("no such input") }
    let elements = Set(
      columns.map { column in
        switch builder.inputs[column].kind {
        case .number(let element): element
        case .categorical: ElementType.float32
        case .text: ElementType.text
        }
      })
    if elements.contains(.text) {
      guard elements.count == 1 else { throw misfit("texts beside numbers") }
      return ValueType(.text, width: columns.count)
    }
    // Codes of categories are exact in every type; so a column of float64 decides, or the reader.
    let isWide = elements.contains(.float64) || elements.contains(.integer) || element == .float64
    let widest: ElementType = isWide ? .float64 : .float32
    return ValueType(widest, width: columns.count)
  }

  private func concatenated() throws -> ValueType {
    guard let first = operands.first, operands.allSatisfy({ $0.element == first.element }) else {
      throw misfit("no operands, or operands of different types")
    }
    return ValueType(first.element, width: operands.reduce(0) { $0 + min($1.width, ModelBuilder.widthLimit + 1) })
  }

  private func choice() throws -> ValueType {
    guard operands.count == 3, operands[0].isNumeric, operands[1].element == operands[2].element else {
      throw misfit("\(operands.count) operands, or operands of different types")
    }
    let width = operands.map(\.width).max() ?? 0
    guard operands.allSatisfy({ $0.width == width || $0.width == 1 }) else { throw misfit("different widths") }
    return ValueType(operands[1].element, width: width)
  }

  private func lookUp(_ table: LookUp) throws -> ValueType {
    let operand = try only()
    let results = table.values + [table.otherwise, table.missing].compactMap { $0 }
    guard table.keys.count == table.values.count, let first = results.first,
      table.keys.allSatisfy({ $0.isText == (operand.element == .text) }),
      results.allSatisfy({ $0.isText == first.isText })
    else { throw misfit("keys or values of the wrong type") }
    return ValueType(first.isText ? .text : try numeric(element ?? .float64), width: operand.width)
  }

  private func pick(_ rows: [[Double]]) throws -> ValueType {
    guard try number(width: 1).width == 1, let first = rows.first, rows.allSatisfy({ $0.count == first.count }) else {
      throw misfit("rows of different lengths")
    }
    return ValueType(try numeric(element ?? .float64), width: first.count)
  }

  private func product(_ weights: [Double]) throws -> ValueType {
    let operand = try number()
    guard weights.count.isMultiple(of: operand.width) else {
      throw misfit("\(weights.count) weights for \(operand.width) columns")
    }
    return ValueType(operand.element, width: weights.count / operand.width)
  }

  private func trees(_ ensemble: TreeEnsemble) throws -> ValueType {
    _ = try number(width: ensemble.columns)
    return ValueType(ensemble.sums == .float32 ? .float32 : .float64, width: ensemble.groups)
  }

  private func misfit(_ what: String) -> ModelError { builder.damaged("\(operation.name) is given \(what)") }
}

extension LookUp.Entry {
  var isText: Bool { if case .text = self { true } else { false } }
}

extension Operation {
  /// What errors and `opz inspect` call it.
  public var name: String {
    switch self {
    case .inputs: "inputs"
    case .constant: "constant"
    case .cast: "cast"
    case .select: "select"
    case .concatenate: "concatenate"
    case .impute: "impute"
    case .isMissing: "is missing"
    case .function(let function): "\(function)"
    case .arithmetic(let arithmetic): "\(arithmetic)"
    case .compare(let comparison): "\(comparison)"
    case .choose: "choose"
    case .lookUp: "look-up"
    case .pick: "pick"
    case .reduce(let reduction): "\(reduction) of columns"
    case .weightedMedian: "weighted median of columns"
    case .normalize(let norm): "normalize (\(norm))"
    case .matrixProduct: "matrix product"
    case .argMax: "arg-max"
    case .argMin: "arg-min"
    case .trees: "trees"
    case .link(let link): "\(link)"
    }
  }
}
