/// Collects rows of cells whose columns have names into the inputs of a request: what KServe's v1 protocol and MLflow's
/// scoring server take.
struct TableBuilder {
  private let context: InferenceContext
  private var columns: [Column] = []
  private var positions: [String: Int] = [:]
  /// Rows that have ended.
  private(set) var rows = 0

  fileprivate struct Column {
    let name: String
    /// Nil until the first value says what the column has, if the model does not.
    var builder: TensorBuilder?
    var count = 0
  }

  init(_ context: InferenceContext) { self.context = context }

  /// The position of a column, which is added if it is new.
  mutating func column(_ name: String) throws -> Int {
    if let position = positions[name] { return position }
    let spec = context.model.inputs.first { $0.name == name }
    guard spec != nil || context.model.inputs.isEmpty else {
      throw RequestFailure.bad(
        "the model has no column '\(name.prefix(100))'; it has \(context.model.inputs.prefix(50).map(\.name).joined(separator: ", "))"
      )
    }
    guard columns.count < context.mostColumns else { throw RequestFailure.bad("too many columns") }
    try checkCells(rows: rows, columns: columns.count + 1)
    // A new column is missing in the rows before.
    var column = Column(name: name, builder: try spec.map { try builder(name, TableBuilder.datatype($0)) })
    for _ in 0..<rows { column.appendMissing() }
    columns.append(column)
    positions[name] = columns.count - 1
    return columns.count - 1
  }

  /// Numbers are sent as FP64, as data frames have them: the model rounds them to its own types.
  private static func datatype(_ spec: TensorSpec) -> Datatype {
    spec.datatype == .bytes ? .bytes : .fp64
  }

  private func builder(_ name: String, _ datatype: Datatype) throws -> TensorBuilder {
    TensorBuilder(name, datatype, form: try context.rules.form(name, datatype, shape: [0]), capacity: 0)
  }

  /// Whether a column takes texts, as far as is known.
  func isText(_ position: Int) -> Bool { columns[position].builder?.datatype == .bytes }

  // MARK: Cells

  mutating func append(_ number: Double, _ position: Int) throws {
    try open(position, .fp64)
    let isPassedOn = context.rules.assembler == nil
    try columns[position].append { builder in
      guard builder.datatype == .bytes, isPassedOn else {
        return try builder.append(double: number)
      }
      // Workers get texts as texts.
      try builder.append(text: Int64(exactly: number).map(String.init) ?? "\(number)")
    }
  }

  mutating func append(_ text: String, _ position: Int) throws {
    try open(position, .bytes)
    try columns[position].append { try $0.append(text: text) }
  }

  mutating func append(_ bool: Bool, _ position: Int) throws {
    try open(position, .bool)
    try columns[position].append { builder in
      guard builder.datatype == .bool else { return try builder.append(double: bool ? 1 : 0) }
      try builder.append(integer: bool ? 1 : 0)
    }
  }

  mutating func appendMissing(_ position: Int) { columns[position].appendMissing() }

  /// Makes the builder of a column of which only missing values are known.
  private mutating func open(_ position: Int, _ datatype: Datatype) throws {
    guard columns[position].builder == nil else { return }
    var builder = try builder(columns[position].name, datatype)
    for _ in 0..<columns[position].count { builder.appendMissing() }
    columns[position].builder = builder
  }

  /// Ends a row: columns without a cell in it are missing.
  mutating func endRow() throws {
    rows += 1
    guard rows <= context.rules.maximumRows else {
      throw RequestFailure.bad("more than \(context.rules.maximumRows) rows in one request")
    }
    try checkCells(rows: rows, columns: columns.count)
    for index in columns.indices {
      guard columns[index].count <= rows else {
        throw RequestFailure.bad("column '\(columns[index].name.prefix(100))' has two values in row \(rows - 1)")
      }
      if columns[index].count < rows { columns[index].appendMissing() }
    }
  }

  private func checkCells(rows: Int, columns: Int) throws {
    guard rows.times(columns) <= context.rules.maximumCells else {
      throw RequestFailure(413, "more than \(context.rules.maximumCells) cells in one request")
    }
  }

  /// A request with one input per column.
  func request() throws -> InferenceRequest {
    guard rows > 0 else { throw RequestFailure.bad("the request has no rows") }
    var request = InferenceRequest()
    request.inputs = try columns.map { column in
      var column = column
      if column.builder == nil {
        var builder = try builder(column.name, .fp64)
        for _ in 0..<column.count { builder.appendMissing() }
        column.builder = builder
      }
      return column.builder?.tensor(shape: [rows])
    }.compactMap { $0 }
    return request
  }
}

extension TableBuilder.Column {
  fileprivate mutating func append(_ value: (inout TensorBuilder) throws -> Void) throws {
    guard var open = builder else { return }
    builder = nil
    defer { builder = open }
    try value(&open)
    count += 1
  }

  fileprivate mutating func appendMissing() {
    builder?.appendMissing()
    count += 1
  }
}
