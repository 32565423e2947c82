/// Turns the cells of a table into a model's inputs: numbers, codes of categories, texts.
public struct RowEncoder: Sendable {
  /// What becomes of a category that the model does not have.
  public enum UnseenRule: String, Sendable, CaseIterable {
    /// As the training library does: the row is refused, or the cell is missing, or the category counts as none.
    case library
    /// The cell is missing.
    case missing
    /// The row is refused.
    case error
  }

  public let inputs: [Model.Input]
  /// The inputs that the model reads.
  let used: Set<Int>
  /// Whether some input needs more than float32, so that rows are stored as float64.
  let isDouble: Bool
  /// The codes of each input's texts; nil for other inputs, empty where the model file has no texts.
  private let tables: [CategoryTable?]
  /// What becomes of an unseen category.
  private let unseen: [Model.Unseen]

  /// Creates an encoder for a model's inputs.
  public init(_ model: Model, unseen rule: UnseenRule = .library) {
    inputs = model.inputs
    used = model.usedInputs
    isDouble = inputs.contains { $0.kind == .number(.float64) || $0.kind == .number(.integer) }
    tables = inputs.map { if case .categorical(let texts, _) = $0.kind { CategoryTable(texts) } else { nil } }
    unseen = inputs.map { input in
      guard case .categorical(_, let own) = input.kind else { return .refused }
      return switch rule {
      case .library: own
      case .missing: .missing
      case .error: .refused
      }
    }
  }

  /// Encodes rows of cells.
  /// - Parameter cells: one for each input in a row; nil is missing.
  /// - Throws: `ModelError.badRows` for a cell that does not fit its input, with the column, and for rows of another
  ///   length.
  public func rows(_ cells: [[String?]]) throws -> Rows {
    guard cells.allSatisfy({ $0.count == inputs.count }) else {
      throw ModelError(.badRows, "rows", reason: "some do not have \(inputs.count) cells")
    }
    var texts: [Int: [String?]] = [:]
    for (column, input) in inputs.enumerated() where input.kind == .text { texts[column] = cells.map { $0[column] } }
    var numbers: [Double] = []
    for row in cells {
      for (column, cell) in row.enumerated() {
        numbers.append(try cell.flatMap { texts[column] == nil ? try encode($0, column: column) : nil } ?? .nan)
      }
    }
    return Rows(
      count: cells.count, numbers: isDouble ? .float64(numbers) : .float32(numbers.map { Float($0) }), texts: texts)
  }

  /// Encodes a cell of an input that is no text.
  /// - Returns: a number, rounded to the input's type, or a category's code; NaN for an unseen category that counts as
  ///   missing.
  /// - Throws: `ModelError.badRows` for a text that is neither.
  public func encode(_ text: String, column: Int) throws -> Double {
    var bytes = Array(text.utf8)
    let count = bytes.count
    bytes += Array(repeating: 0, count: DecimalReader.padding + 1)
    do {
      return try bytes.withUnsafeBufferPointer { space throws(CellProblem) in
        try encode(
          UnsafeBufferPointer(rebasing: space[..<count]), column, decimals: DecimalReader(mark: UInt8(ascii: ".")))
      }
    } catch { throw ModelError(.badRows, "column \(inputs[column].name)", reason: error.reason, hint: error.hint) }
  }

  /// Encodes a number that is given as such, not as text.
  /// - Throws: `ModelError.badRows` for one that does not fit the input.
  public func encode(_ number: Double, column: Int) throws -> Double {
    do { return try self.number(number, column) } catch {
      throw ModelError(.badRows, "column \(inputs[column].name)", reason: error.reason, hint: error.hint)
    }
  }

  // MARK: Cells

  /// Encodes a number that is given as such.
  func number(_ number: Double, _ column: Int) throws(CellProblem) -> Double {
    try tables[column] == nil ? fit(number, column) : code(of: number, "\(number)", column)
  }

  /// Encodes a cell that is not missing.
  /// - Parameter cell: followed by a byte that is no digit and by `DecimalReader.padding` more.
  func encode(
    _ cell: UnsafeBufferPointer<UInt8>, _ column: Int, decimals: DecimalReader
  ) throws(CellProblem) -> Double {
    guard let table = tables[column] else {
      guard let number = RowEncoder.number(cell, decimals) else {
        throw CellProblem("\"\(CellProblem.shown(cell))\" is not a number")
      }
      return try fit(number, column)
    }
    if let code = table.code(of: cell) { return Double(code) }
    if let number = RowEncoder.number(cell, decimals) { return try code(of: number, CellProblem.shown(cell), column) }
    return try unseen(CellProblem.shown(cell), column)
  }

  private static func number(_ cell: UnsafeBufferPointer<UInt8>, _ decimals: DecimalReader) -> Double? {
    guard let start = cell.baseAddress, !cell.isEmpty else { return nil }
    var number = 0.0
    return decimals.read(start, into: &number) == start + cell.count ? number : nil
  }

  /// Rounds a number to the input's type.
  @inline(__always)
  func fit(_ number: Double, _ column: Int) throws(CellProblem) -> Double {
    switch inputs[column].kind {
    case .number(.float32):
      let rounded = Double(Float(number))
      guard rounded.isFinite else { throw CellProblem.tooLarge(number, "float32", end: "3.4e38") }
      return rounded
    case .number(.integer):
      guard number == number.rounded(.towardZero), abs(number) <= 0x1p53 else {
        throw CellProblem("\(number) is not a whole number of at most 2^53")
      }
      return number
    default:
      guard number.isFinite else { throw CellProblem.tooLarge(number, "float64", end: "1.8e308") }
      return number
    }
  }

  /// The code of a category that is written as a number: some libraries keep categories that were numbers as texts,
  /// others keep only codes.
  private func code(of number: Double, _ text: String, _ column: Int) throws(CellProblem) -> Double {
    let whole = Int(exactly: number)
    if tables[column]?.isEmpty == true, let whole, (0..<16_777_216).contains(whole) { return number }
    if let whole, let code = tables[column]?.code(of: String(whole)) { return Double(code) }
    // Categories that were floating-point numbers in pandas: 1 is given, `1.0` is the text.
    if let code = tables[column]?.code(of: "\(number)") { return Double(code) }
    return try unseen(text, column)
  }

  private func unseen(_ text: String, _ column: Int) throws(CellProblem) -> Double {
    switch unseen[column] {
    case .missing: return .nan
    case .code: return -1
    case .refused: break
    }
    var known: [String] = []
    if case .categorical(let values, _) = inputs[column].kind { known = values }
    let list = known.prefix(12).joined(separator: ", ") + (known.count > 12 ? ", .. (\(known.count) in all)" : "")
    throw CellProblem(
      "\"\(text.prefix(60))\" is a category that the model does not have",
      hint: known.isEmpty ? "the model knows codes from 0" : "it has \(list)")
  }
}

/// Why a cell does not fit its input.
struct CellProblem: Error {
  let reason: String
  let hint: String?

  init(_ reason: String, hint: String? = nil) {
    self.reason = reason
    self.hint = hint
  }

  static func tooLarge(_ number: Double, _ type: String, end: String) -> CellProblem {
    CellProblem(
      "\(number) is beyond what the model's \(type) holds",
      hint: "\(type) ends at \(end); leave a cell empty where a value is missing")
  }

  /// The beginning of a cell, for messages.
  static func shown(_ cell: UnsafeBufferPointer<UInt8>) -> String {
    String(String(decoding: UnsafeBufferPointer(rebasing: cell.prefix(240)), as: UTF8.self).prefix(60))
  }
}
