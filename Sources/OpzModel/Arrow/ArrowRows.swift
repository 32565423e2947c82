/// Turns batches of an Arrow table into rows of a model's inputs.
struct ArrowRows: Sendable {
  /// Rows that fit, and those that do not.
  struct Parsed {
    var rows: Rows
    /// The indexes of the rows in the batch.
    var places: [Int]
    var problems: [Problem] = []
  }

  struct Problem {
    /// The index of the row in the batch.
    let place: Int
    let column: String?
    let reason: String
    let hint: String?
  }

  private let encoder: RowEncoder
  /// The index of the field of each input.
  private let fields: [Int]
  private let missing: [String]
  /// The numbers among the texts that mean missing.
  private let missingNumbers: [Double]
  private let stopsAtProblem: Bool

  /// - Throws: `ModelError.badRows` for a column whose type does not fit its input.
  init(
    _ columns: TableColumns, _ schema: [ArrowField], encoder: RowEncoder, options: BatchScoring.Options,
    stopsAtProblem: Bool
  ) throws {
    self.encoder = encoder
    missing = options.missing
    missingNumbers = options.missing.compactMap { Double($0) }
    self.stopsAtProblem = stopsAtProblem
    var fields = [Int](repeating: 0, count: encoder.inputs.count)
    for (index, field) in columns.fields.enumerated() {
      guard let input = field.input else { continue }
      fields[input] = index
      if encoder.used.contains(input) { try ArrowRows.check(schema[index], encoder.inputs[input]) }
    }
    self.fields = fields
  }

  private static func check(_ field: ArrowField, _ input: Model.Input) throws {
    switch (field.type, input.kind) {
    case (.text, .text), (.text, .categorical), (.null, _): return
    case (.integer, .number), (.float32, .number), (.float64, .number), (.bool, .number): return
    case (.integer, .categorical), (.float32, .categorical), (.float64, .categorical), (.bool, .categorical): return
    default:
      throw ModelError(
        .badRows, "column \(field.name)",
        reason:
          "the Arrow type \(field.type.name) for an input that takes \(input.kind == .text ? "texts" : "numbers")",
        hint: "cast the column")
    }
  }

  /// Encodes the rows `range` of a batch.
  func parse(_ batch: ArrowReader.Batch, _ range: Range<Int>) throws -> Parsed {
    let columns = try fields.map { field in
      guard let column = batch.columns[field], column.count == batch.count else {
        throw ArrowReader.damaged()
      }
      return column
    }
    var numbers: [Double] = []
    numbers.reserveCapacity(range.count * columns.count)
    var texts: [Int: [String?]] = [:]
    for (index, input) in encoder.inputs.enumerated() where input.kind == .text { texts[index] = [] }
    var parsed = Parsed(rows: Rows([], count: 0), places: [])
    for row in range {
      do {
        for (input, column) in columns.enumerated() {
          numbers.append(try element(column, row, input: input, texts: &texts))
        }
        parsed.places.append(row)
      } catch {
        numbers.removeLast(numbers.count - parsed.places.count * columns.count)
        for index in texts.keys {
          let extra = (texts[index]?.count ?? 0) - parsed.places.count
          texts[index]?.removeLast(extra)
        }
        parsed.problems.append(
          Problem(
            place: row, column: encoder.inputs[error.input].name, reason: error.problem.reason, hint: error.problem.hint
          ))
        if stopsAtProblem { break }
      }
    }
    parsed.rows = Rows(
      count: parsed.places.count, numbers: encoder.isDouble ? .float64(numbers) : .float32(numbers.map { Float($0) }),
      texts: texts)
    return parsed
  }

  private struct Failed: Error {
    let input: Int
    let problem: CellProblem
  }

  private func element(
    _ column: ArrowColumn, _ row: Int, input: Int, texts: inout [Int: [String?]]
  ) throws(Failed) -> Double {
    do {
      if case .text = column.valueType { return try text(column, row, input: input, texts: &texts) }
      guard encoder.inputs[input].kind != .text else {
        texts[input]?.append(nil)
        return .nan
      }
      let number = column.number(row)
      return number.isNaN || missingNumbers.contains(number) ? .nan : try encoder.number(number, input)
    } catch { throw Failed(input: input, problem: error) }
  }

  private func text(
    _ column: ArrowColumn, _ row: Int, input: Int, texts: inout [Int: [String?]]
  ) throws(CellProblem) -> Double {
    let isText = encoder.inputs[input].kind == .text
    guard let bytes = column.text(row), !bytes.isEmpty, !missing.contains(where: { $0.utf8.elementsEqual(bytes) })
    else {
      if isText { texts[input]?.append(nil) }
      return .nan
    }
    guard isText else {
      let cell = Array(bytes) + Array(repeating: 0, count: DecimalReader.padding + 1)
      return try cell.withUnsafeBufferPointer { cell throws(CellProblem) in
        try encoder.encode(
          UnsafeBufferPointer(rebasing: cell[..<bytes.count]), input, decimals: DecimalReader(mark: UInt8(ascii: ".")))
      }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw CellProblem("text that is not UTF-8") }
    texts[input]?.append(text)
    return .nan
  }
}
