import OpzModel

/// Rows of a model's inputs as a database has them, column by column, and what the scorer makes of them.
struct InputColumns {
  private let model: Model
  /// The inputs that the columns are of.
  private let inputs: [Int]
  /// Numbers, or codes of categories, by the column.
  private var numbers: [[Double]]
  private var texts: [Int: [String?]] = [:]
  /// Rows with a category that the model refuses.
  private(set) var refused: Set<Int> = []
  private(set) var count = 0
  private let codes: [Int: [[UInt8]: Int]]

  init(_ model: Model, _ inputs: [Int]) {
    self.model = model
    self.inputs = inputs
    numbers = inputs.map { _ in [] }
    var codes: [Int: [[UInt8]: Int]] = [:]
    for input in inputs {
      guard case .categorical(let known, _) = model.inputs[input].kind, !known.isEmpty else { continue }
      codes[input] = Dictionary(
        known.enumerated().map { (Array($1.utf8), $0) }, uniquingKeysWith: { one, _ in one })
    }
    self.codes = codes
  }

  /// Adds a row of cells in the order of the inputs; nil is NULL.
  mutating func add(_ cells: [String?]) {
    for (column, input) in inputs.enumerated() {
      let cell = column < cells.count ? cells[column] : nil
      if model.inputs[input].kind == .text {
        texts[input, default: []].append(cell)
        numbers[column].append(.nan)
      } else if let known = codes[input] {
        numbers[column].append(cell.map { code($0, known, input: input) } ?? .nan)
      } else {
        numbers[column].append(cell.flatMap { Double($0) } ?? .nan)
      }
    }
    count += 1
  }

  private mutating func code(_ text: String, _ known: [[UInt8]: Int], input: Int) -> Double {
    if let code = known[Array(text.utf8)] { return Double(code) }
    guard case .categorical(_, let unseen) = model.inputs[input].kind else { return .nan }
    if unseen == .refused { refused.insert(count) }
    return unseen == .code ? -1 : .nan
  }

  /// Some rows as all of the model's inputs.
  func rows(_ chosen: [Int]) -> Rows {
    let width = model.inputs.count
    var matrix = [Double](repeating: .nan, count: chosen.count * width)
    for (column, input) in inputs.enumerated() {
      for (place, row) in chosen.enumerated() { matrix[place * width + input] = numbers[column][row] }
    }
    var columns: [Int: [String?]] = [:]
    for (input, kind) in model.inputs.map(\.kind).enumerated() where kind == .text {
      columns[input] = chosen.map { texts[input]?[$0] }
    }
    return Rows(count: chosen.count, numbers: .float64(matrix), texts: columns)
  }

  /// Whether a row has an infinite number.
  func isInfinite(_ row: Int) -> Bool { numbers.contains { $0[row].isInfinite } }

  /// A row's values, for people.
  func text(of row: Int) -> String {
    inputs.enumerated().prefix(20).map { column, input in
      let own = model.inputs[input]
      let value: String
      if own.kind == .text {
        value = texts[input]?[row] ?? "NULL"
      } else if case .categorical(let known, _) = own.kind, let code = Int(exactly: numbers[column][row]),
        known.indices.contains(code)
      {
        value = known[code]
      } else {
        value = numbers[column][row].isNaN ? "NULL" : "\(numbers[column][row])"
      }
      return "\(own.name)=\(value.prefix(40))"
    }.joined(separator: " ")
  }
}
