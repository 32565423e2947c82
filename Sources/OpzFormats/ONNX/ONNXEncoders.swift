import OpzModel

/// The operators of ai.onnx.ml that prepare columns (onnxruntime, core/providers/cpu/ml).
extension ONNXOperators {
  static let encoders: [String: ONNXTranslation.Operator] = [
    "ai.onnx.ml.Scaler": { translation, node in [try scale(&translation, node)] },
    "ai.onnx.ml.Imputer": { translation, node in [try impute(&translation, node)] },
    "ai.onnx.ml.OneHotEncoder": { translation, node in [try oneHot(&translation, node)] },
    "ai.onnx.ml.LabelEncoder": { translation, node in [try label(&translation, node)] },
    "ai.onnx.ml.CategoryMapper": { translation, node in [try map(&translation, node)] },
    "ai.onnx.ml.Normalizer": { translation, node in [try normalize(&translation, node)] },
    "ai.onnx.ml.Binarizer": { translation, node in
      let rows = try translation.matrix(node)
      let threshold = try translation.constant([node.float("threshold") ?? 0], as: rows.element.graphType)
      let truth = try translation.builder.add(.compare(.greater), [try translation.place(rows), threshold])
      let result = try translation.builder.add(.cast, [truth], as: rows.element.graphType)
      return [.rows(ONNXRows(rows.element, rows.dimensions, source: .node(result)))]
    },
  ]

  /// `(x - offset) * scale`, in float64 for float64 inputs; the result is float32.
  private static func scale(_ translation: inout ONNXTranslation, _ node: ONNXNode) throws -> ONNXValue {
    let rows = try translation.matrix(node)
    let type: ElementType = rows.element == .double ? .float64 : .float32
    var result = try translation.place(rows, as: type)
    for (name, arithmetic) in [("offset", Operation.Arithmetic.subtract), ("scale", .multiply)] {
      let numbers = try node.floats(name)
      guard numbers.count == 1 || numbers.count == rows.width else {
        throw translation.damaged(node, "\(numbers.count) numbers of \(name) for \(rows.width) columns")
      }
      let constant = try translation.constant(numbers, as: type)
      result = try translation.builder.add(.arithmetic(arithmetic), [result, constant])
    }
    if type == .float64 { result = try translation.builder.add(.cast, [result], as: .float32) }
    return .rows(ONNXRows(.float, rows.dimensions, source: .node(result)))
  }

  /// Where the replaced value is not NaN, NaN stays.
  private static func impute(_ translation: inout ONNXTranslation, _ node: ONNXNode) throws -> ONNXValue {
    let rows = try translation.matrix(node)
    let isInteger = rows.element.isInteger
    var numbers =
      try isInteger ? node.ints("imputed_value_int64s").map { Double($0) } : node.floats("imputed_value_floats")
    // Of more numbers than columns, ONNX Runtime takes the first for all.
    guard let first = numbers.first else { throw translation.damaged(node, "it has no imputed values") }
    if numbers.count != rows.width { numbers = Array(repeating: first, count: rows.width) }
    let replaced =
      try isInteger ? Double(node.int("replaced_value_int64") ?? 0) : node.float("replaced_value_float") ?? 0
    let operand = try translation.place(rows)
    let result: Int
    if replaced.isNaN {
      result = try translation.builder.add(.impute(numbers), [operand])
    } else {
      let constant = try translation.constant([replaced], as: rows.element.graphType)
      let isReplaced = try translation.builder.add(.compare(.equal), [operand, constant])
      let imputed = try translation.constant(numbers, as: rows.element.graphType)
      result = try translation.builder.add(.choose, [isReplaced, imputed, operand])
    }
    return .rows(ONNXRows(rows.element, rows.dimensions, source: .node(result)))
  }

  /// Each element becomes as many as there are categories. Numbers are truncated first.
  private static func oneHot(_ translation: inout ONNXTranslation, _ node: ONNXNode) throws -> ONNXValue {
    let rows = try translation.matrix(node)
    let isText = rows.element == .string
    let keys: [LookUp.Entry] =
      try isText ? node.texts("cats_strings").map { .text($0) } : node.ints("cats_int64s").map { .number(Double($0)) }
    let width = keys.count
    guard width > 0, width <= ModelBuilder.widthLimit / rows.width else {
      throw translation.unsupported(node, "\(width) categories for \(rows.width) columns")
    }
    let isZeroAllowed = try node.int("zeros") ?? 1 != 0
    // Of equal categories, ONNX Runtime takes the last, and the graph's look-up the first.
    let order = Array(keys.indices.reversed())
    let table = LookUp(
      keys: order.map { keys[$0] }, values: order.map { .number(Double($0)) },
      otherwise: isZeroAllowed ? .number(-1) : nil)
    let codes = try translation.builder.add(
      .lookUp(table), [isText ? try translation.place(rows) : try translation.place(rows, as: .integer)], as: .integer)
    // A table of all rows is plain, but grows with the square of the categories.
    let isTable = width <= 256
    if isTable { try translation.spend(width * width, node) }
    let identity = isTable ? (0..<width).map { row in (0..<width).map { $0 == row ? 1.0 : 0 } } : []
    let places = isTable ? 0 : try translation.constant((0..<width).map { Double($0) }, as: .integer)
    var parts: [Int] = []
    for column in 0..<rows.width {
      let code = rows.width == 1 ? codes : try translation.builder.add(.select([column]), [codes])
      if isTable {
        parts.append(try translation.builder.add(.pick(identity), [code], as: .float32))
      } else {
        let truth = try translation.builder.add(.compare(.equal), [code, places])
        parts.append(try translation.builder.add(.cast, [truth], as: .float32))
      }
    }
    let result = parts.count == 1 ? parts[0] : try translation.builder.add(.concatenate, parts)
    return .rows(ONNXRows(.float, rows.dimensions + [width], source: .node(result)))
  }

  // MARK: Tables

  private static func entries(_ tensor: ONNXTensor) -> [LookUp.Entry] {
    tensor.element == .string ? tensor.texts.map { .text($0) } : tensor.numbers.map { .number($0) }
  }

  /// A list of keys or values, from whichever attribute has it.
  private static func entries(
    _ node: ONNXNode, _ name: String
  ) throws -> (entries: [LookUp.Entry], element: ONNXElement)? {
    if node.has("\(name)_strings") { return (try node.texts("\(name)_strings").map { .text($0) }, .string) }
    if node.has("\(name)_int64s") { return (try node.ints("\(name)_int64s").map { .number(Double($0)) }, .int64) }
    if node.has("\(name)_floats") { return (try node.floats("\(name)_floats").map { .number($0) }, .float) }
    guard let tensor = try node.tensor("\(name)_tensor") else { return nil }
    return (entries(tensor), tensor.element)
  }

  /// LabelEncoder; versions 2 and 4 have keys and values, version 1 a list of classes.
  private static func label(_ translation: inout ONNXTranslation, _ node: ONNXNode) throws -> ONNXValue {
    let rows = try translation.rows(node)
    if node.has("classes_strings") {
      return try map(&translation, node, rows: rows, texts: "classes_strings", numbers: nil)
    }
    guard let keys = try entries(node, "keys"), let values = try entries(node, "values"),
      keys.entries.count == values.entries.count
    else { throw translation.damaged(node, "its keys and values are missing or not as many") }
    let otherwise: LookUp.Entry =
      if let tensor = try node.tensor("default_tensor"), let first = entries(tensor).first {
        first
      } else {
        switch values.element {
        case .string: .text(try node.text("default_string") ?? "_Unused")
        case .float, .double: .number(try node.float("default_float") ?? -0.0)
        default: .number(Double(try node.int("default_int64") ?? -1))
        }
      }
    var pairs = Array(zip(keys.entries, values.entries))
    // Before version 4, a NaN key is found by no number.
    if translation.document.operatorSets["ai.onnx.ml"] ?? 1 < 4 { pairs.removeAll { $0.0.isNaN } }
    let table = LookUp(keys: pairs.map(\.0), values: pairs.map(\.1), otherwise: otherwise)
    let result = try translation.builder.add(
      .lookUp(table), [try translation.place(rows)],
      as: values.element == .string ? nil : values.element.graphType)
    return .rows(ONNXRows(values.element, rows.dimensions, source: .node(result), role: rows.role))
  }

  private static func map(_ translation: inout ONNXTranslation, _ node: ONNXNode) throws -> ONNXValue {
    let rows = try translation.rows(node)
    return try map(&translation, node, rows: rows, texts: "cats_strings", numbers: try node.ints("cats_int64s"))
  }

  /// Texts to numbers or numbers to texts, whichever the input is.
  private static func map(
    _ translation: inout ONNXTranslation, _ node: ONNXNode, rows: ONNXRows, texts name: String, numbers: [Int]?
  ) throws -> ONNXValue {
    let texts = try node.texts(name).map { LookUp.Entry.text($0) }
    let codes = (numbers ?? Array(texts.indices)).map { LookUp.Entry.number(Double($0)) }
    guard texts.count == codes.count else { throw translation.damaged(node, "lists of different lengths") }
    let isText = rows.element == .string
    let table =
      isText
      ? LookUp(keys: texts, values: codes, otherwise: .number(Double(try node.int("default_int64") ?? -1)))
      : LookUp(keys: codes, values: texts, otherwise: .text(try node.text("default_string") ?? "_Unused"))
    let result = try translation.builder.add(
      .lookUp(table), [try translation.place(rows)], as: isText ? .integer : nil)
    return .rows(ONNXRows(isText ? .int64 : .string, rows.dimensions, source: .node(result), role: rows.role))
  }

  // MARK: Norms

  /// ONNX Runtime's arithmetic (normalizer.cc): MAX is the greatest number and not the greatest absolute one, and L2
  /// is the root of each square's share.
  private static func normalize(_ translation: inout ONNXTranslation, _ node: ONNXNode) throws -> ONNXValue {
    let rows = try translation.matrix(node)
    let x = try translation.place(rows, as: .float32)
    let zero = try translation.constant([0], as: .float32)
    let result: Int
    switch try node.text("norm") ?? "MAX" {
    case "L1": result = try translation.builder.add(.normalize(.l1), [x])
    case "L2":
      let squares = try translation.builder.add(.function(.square), [x])
      let sum = try translation.builder.add(.reduce(.sum), [squares])
      let shares = try translation.builder.add(.arithmetic(.divide), [squares, sum])
      let roots = try translation.builder.add(.function(.sqrt), [shares])
      let negative = try translation.builder.add(.function(.negate), [roots])
      let isNegative = try translation.builder.add(.compare(.less), [x, zero])
      let signed = try translation.builder.add(.choose, [isNegative, negative, roots])
      let isNotZero = try translation.builder.add(.compare(.notEqual), [sum, zero])
      result = try translation.builder.add(.choose, [isNotZero, signed, x])
    case "MAX":
      let lowest = Double(-Float.greatestFiniteMagnitude)
      let known = try translation.builder.add(.impute(Array(repeating: lowest, count: rows.width)), [x])
      let top = try translation.builder.add(.reduce(.maximum), [known])
      let quotients = try translation.builder.add(.arithmetic(.divide), [x, top])
      let isNotZero = try translation.builder.add(.compare(.notEqual), [top, zero])
      result = try translation.builder.add(.choose, [isNotZero, quotients, x])
    case let other: throw translation.damaged(node, "the norm \(other.prefix(40)) does not exist")
    }
    return .rows(ONNXRows(.float, rows.dimensions, source: .node(result), role: rows.role, classes: rows.classes))
  }
}

extension LookUp.Entry {
  fileprivate var isNaN: Bool { if case .number(let number) = self { number.isNaN } else { false } }
}
