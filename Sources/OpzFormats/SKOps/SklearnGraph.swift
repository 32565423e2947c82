import OpzModel

/// The graph of a model while it is built: columns, where they come from, and what transformers make of them.
struct SklearnGraph {
  /// A column of a value.
  struct Column {
    /// The node; nil for the model's own input.
    let node: Int?
    /// The column of the node, or the input.
    let index: Int
    /// The texts whose indexes the column has; nil for numbers.
    let texts: [String]?
  }

  var builder: ModelBuilder
  /// For errors.
  private let name: String

  /// Begins a graph.
  /// - Parameters:
  ///   - names: the inputs.
  ///   - inputs: which of them have texts, and which are used; an unused one may have any text.
  ///   - element: the type of numbers.
  init(name: String, names: [String], inputs: SklearnInputs, element: ElementType) throws {
    self.name = name
    let list = names.enumerated().map { index, name in
      if let texts = inputs.texts[index] {
        return Model.Input(name: name, kind: .categorical(texts, unseen: inputs.unseen(index)))
      }
      return Model.Input(name: name, kind: inputs.used.contains(index) ? .number(element) : .text)
    }
    builder = try ModelBuilder(name: name, inputs: list)
  }

  /// The model's inputs as columns.
  var inputs: [Column] {
    builder.inputs.enumerated().map { index, input in
      if case .categorical(let texts, _) = input.kind { return Column(node: nil, index: index, texts: texts) }
      return Column(node: nil, index: index, texts: nil)
    }
  }

  // MARK: Columns

  /// The columns of a node.
  func columns(of node: Int, texts: [String]? = nil) throws -> [Column] {
    (0..<(try builder.type(node).width)).map { Column(node: node, index: $0, texts: texts) }
  }

  /// Adds a node and returns its columns.
  private mutating func addColumns(
    _ operation: Operation, _ operands: [Int], as element: ElementType? = nil
  ) throws -> [Column] {
    let node = try builder.add(operation, operands, as: element)
    return try columns(of: node)
  }

  /// One node with these columns side by side: numbers in `element`, of which float32 is only that of inputs.
  /// - Throws: `ModelError.unsupported` where a column has texts.
  mutating func matrix(_ columns: [Column], _ element: ElementType = .float64) throws -> Int {
    guard columns.allSatisfy({ $0.texts == nil }) else {
      throw ModelError(
        .unsupported, name, reason: "a column of texts is used as numbers",
        hint: "encode it with OneHotEncoder or OrdinalEncoder in the pipeline")
    }
    return try codes(columns, element)
  }

  /// The same with the indexes of texts.
  private mutating func codes(_ columns: [Column], _ element: ElementType = .float64) throws -> Int {
    guard !columns.isEmpty else { throw ModelError(.damaged, name, reason: "a step is given no columns") }
    var parts: [Int] = []
    var start = 0
    while start < columns.count {
      let end = columns[start...].firstIndex { $0.node != columns[start].node } ?? columns.count
      let indexes = columns[start..<end].map(\.index)
      parts.append(try part(of: columns[start].node, indexes, element))
      start = end
    }
    return parts.count == 1 ? parts[0] : try builder.add(.concatenate, parts)
  }

  private mutating func part(of node: Int?, _ indexes: [Int], _ element: ElementType) throws -> Int {
    guard let node else {
      let inputs = try builder.add(.inputs(indexes))
      return try builder.type(inputs).element == element ? inputs : builder.add(.cast, [inputs], as: element)
    }
    let type = try builder.type(node)
    let isWhole = indexes.count == type.width && indexes.enumerated().allSatisfy { $0 == $1 }
    let part = isWhole ? node : try builder.add(.select(indexes), [node])
    return type.element == element ? part : try builder.add(.cast, [part], as: element)
  }

  /// A row of numbers.
  mutating func constant(_ numbers: [Double]) throws -> Int { try builder.add(.constant(numbers), [], as: .float64) }

  mutating func constant(_ number: Double) throws -> Int { try constant([number]) }

  // MARK: Transformers

  /// The columns that a transformation makes of columns.
  mutating func apply(_ transformation: Transformation, to columns: [Column]) throws -> [Column] {
    func pick(_ indexes: [Int]) throws -> [Column] {
      guard indexes.allSatisfy(columns.indices.contains) else { throw misfit(columns.count, "a column beyond them") }
      return indexes.map { columns[$0] }
    }
    switch transformation {
    case .none: return columns
    case .select(let indexes): return try pick(indexes)
    case .sequence(let steps):
      var result = columns
      for step in steps { result = try apply(step, to: result) }
      return result
    case .branches(let branches):
      var result: [Column] = []
      for branch in branches {
        result += try apply(branch.transformation, to: pick(branch.columns))
        guard result.count <= ModelBuilder.widthLimit else { throw misfit(result.count, "fewer columns") }
      }
      return result
    case .arithmetic(let steps): return try arithmetic(steps, columns)
    case .floor: return try addColumns(.function(.floor), [try matrix(columns)])
    case .truncate:
      let whole = try builder.add(.cast, [try matrix(columns)], as: .integer)
      return try addColumns(.cast, [whole], as: .float64)
    case .impute(let imputation):
      let imputed = try impute(try pick(imputation.columns), imputation)
      return imputed + (try isMissing(try pick(imputation.indicators), imputation.missing))
    case .isMissing(let indexes, let missing): return try isMissing(try pick(indexes), missing)
    case .encode(let tables):
      guard tables.count == columns.count else { throw misfit(columns.count, "\(tables.count)") }
      return try zip(columns, tables).flatMap { try encode($0, $1) }
    }
  }

  private mutating func arithmetic(
    _ steps: [(operation: Operation.Arithmetic, numbers: [Double])], _ columns: [Column]
  ) throws -> [Column] {
    guard !columns.isEmpty, !steps.isEmpty else { return columns }
    var node = try matrix(columns)
    for step in steps {
      guard step.numbers.count == columns.count else { throw misfit(columns.count, "\(step.numbers.count)") }
      node = try builder.add(.arithmetic(step.operation), [node, try constant(step.numbers)])
    }
    return try self.columns(of: node)
  }

  /// The number by which a column has a category; nil where it cannot have it.
  private func code(_ category: Category, in column: Column) throws -> Double? {
    switch category {
    case .missing: return .nan
    case .number(let number):
      guard column.texts == nil else { return nil }
      return number
    case .text(let text):
      guard let texts = column.texts else {
        throw ModelError(
          .unsupported, name, reason: "the text \"\(text.prefix(40))\" is looked for in a column that was computed",
          hint: "encode columns of texts before other steps")
      }
      return texts.firstIndex(of: text).map { Double($0) }
    }
  }

  /// Columns of numbers are imputed at once.
  private mutating func impute(_ columns: [Column], _ imputation: Imputation) throws -> [Column] {
    let numbers = imputation.fills.compactMap { if case .number(let number) = $0 { number } else { nil } }
    if !columns.isEmpty, imputation.missing == .missing, numbers.count == columns.count,
      columns.allSatisfy({ $0.texts == nil })
    {
      return try addColumns(.impute(numbers), [try matrix(columns)])
    }
    var result: [Column] = []
    for (column, fill) in zip(columns, imputation.fills) {
      result.append(try impute(column, fill, missing: imputation.missing))
    }
    return result
  }

  private mutating func impute(_ column: Column, _ fill: Category, missing: Category) throws -> Column {
    guard let number = try code(fill, in: column), !number.isNaN else {
      guard fill == .missing else { throw misfit(1, "a fill value of its own type") }
      return column
    }
    let operand = try codes([column])
    guard missing != .missing else {
      return Column(node: try builder.add(.impute([number]), [operand]), index: 0, texts: column.texts)
    }
    guard let mark = try code(missing, in: column) else { return column }
    let isMissing = try builder.add(.compare(.equal), [operand, try constant(mark)])
    let result = try builder.add(.choose, [isMissing, try constant(number), operand])
    return Column(node: result, index: 0, texts: column.texts)
  }

  private mutating func isMissing(_ columns: [Column], _ missing: Category) throws -> [Column] {
    if !columns.isEmpty, missing == .missing, columns.allSatisfy({ $0.texts == nil }) {
      let node = try builder.add(.isMissing, [try matrix(columns)])
      return try addColumns(.cast, [node], as: .float64)
    }
    var result: [Column] = []
    for column in columns {
      let operand = try codes([column])
      var node = try builder.add(.isMissing, [operand])
      if missing != .missing, let mark = try code(missing, in: column) {
        node = try builder.add(.compare(.equal), [operand, try constant(mark)])
      }
      result.append(Column(node: try builder.add(.cast, [node], as: .float64), index: 0, texts: nil))
    }
    return result
  }

  private mutating func encode(_ column: Column, _ table: CategoryTable) throws -> [Column] {
    var positions: [String: Double] = [:]
    for (index, text) in (column.texts ?? []).enumerated() { positions[text] = Double(index) }
    var keys: [LookUp.Entry] = []
    var values: [LookUp.Entry] = []
    for (key, value) in zip(table.keys, table.values) {
      // A text's place comes from the dictionary: a search for each would be quadratic.
      let code: Double? =
        if case .text(let text) = key, column.texts != nil { positions[text] } else { try self.code(key, in: column) }
      guard let code else { continue }
      keys.append(.number(code))
      values.append(.number(value))
    }
    // A table needs a result to have a type; -1 is no category.
    let otherwise = table.otherwise.map { LookUp.Entry.number($0) }
    guard !keys.isEmpty || otherwise != nil else { throw misfit(1, "an encoder without categories") }
    let operand = try codes([column])
    let lookUp = LookUp(keys: keys, values: values, otherwise: otherwise)
    let number = try builder.add(.lookUp(lookUp), [operand], as: .float64)
    guard let width = table.oneHot else { return try columns(of: number) }
    guard width > 0 else { return [] }
    let all = try constant((0..<width).map { Double($0) })
    let isEqual = try builder.add(.compare(.equal), [number, all])
    return try addColumns(.cast, [isEqual], as: .float64)
  }

  private func misfit(_ count: Int, _ other: String) -> ModelError {
    ModelError(
      .damaged, name, reason: "a step is given \(count) columns and was fitted with \(other)",
      hint: "save the model again")
  }
}
