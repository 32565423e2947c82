/// Converts texts and numbers to the float32 values of a model's columns.
public struct RowEncoder: Sendable {
  public let signature: Signature
  /// The codes of each column's texts; nil for numeric columns, empty where the model file has no texts.
  private let codes: [[String: Float]?]

  /// Creates an encoder for the signature's input columns.
  public init(_ signature: Signature) {
    self.signature = signature
    codes = signature.inputs.map { feature in
      guard case .categorical(let values) = feature.kind else { return nil }
      return Dictionary(values.enumerated().map { ($1, Float($0)) }, uniquingKeysWith: { one, _ in one })
    }
  }

  /// Whether a column is categorical.
  public func isCategorical(_ column: Int) -> Bool { codes[column] != nil }

  /// Encodes a table cell: a number or a category.
  /// - Throws: `ModelError.badRows` for a text that is neither.
  public func encode(_ text: some StringProtocol, column: Int) throws -> Float {
    guard let known = codes[column] else {
      guard let number = Self.number(text) else { throw notANumber(String(text), column) }
      return try round(number, column)
    }
    if let code = known[String(text)] { return code }
    if known.isEmpty, let code = Self.number(text) { return try encode(code: code, column: column) }
    throw unknownCategory(String(text), column)
  }

  /// Encodes a number of a request.
  public func encode(_ number: Double, column: Int) throws -> Float {
    guard let known = codes[column] else { return try round(number, column) }
    if known.isEmpty { return try encode(code: number, column: column) }
    // Categories that were numbers in training are stored as texts.
    if let whole = Int(exactly: number), let code = known[String(whole)] { return code }
    throw unknownCategory("\(number)", column)
  }

  /// Encodes a category given by its code.
  public func encode(code: Double, column: Int) throws -> Float {
    guard code >= 0, code < 16_777_216, code == code.rounded(.towardZero) else {
      throw unknownCategory("\(code)", column)
    }
    return Float(code)
  }

  /// Reads a decimal number. Swift's own parser also accepts hexadecimal numbers, infinities and NaN, which tables do
  /// not use.
  private static func number(_ text: some StringProtocol) -> Double? {
    guard let number = Double(text), number.isFinite else { return nil }
    return text.utf8.prefix(3).contains { $0 | 0x20 == UInt8(ascii: "x") } ? nil : number
  }

  /// Rounds to double, as NumPy and pandas read numbers, then to the nearest float32.
  private func round(_ number: Double, _ column: Int) throws -> Float {
    let rounded = Float(number)
    guard rounded.isFinite else {
      throw ModelError(
        .badRows, "column \(signature.inputs[column].name)", "\(number) is beyond what the model's float32 holds",
        hint: "float32 ends at 3.4e38; leave a cell empty where a value is missing")
    }
    return rounded
  }

  private func notANumber(_ text: String, _ column: Int) -> ModelError {
    ModelError(.badRows, "column \(signature.inputs[column].name)", "\"\(text.prefix(60))\" is not a number")
  }

  private func unknownCategory(_ text: String, _ column: Int) -> ModelError {
    var known: [String] = []
    if case .categorical(let values) = signature.inputs[column].kind { known = values }
    let list = known.prefix(12).joined(separator: ", ") + (known.count > 12 ? ", .. (\(known.count) in all)" : "")
    return ModelError(
      .badRows, "column \(signature.inputs[column].name)",
      "\"\(text.prefix(60))\" is a category that the model does not have",
      hint: known.isEmpty ? "the model knows codes from 0" : "it has \(list)")
  }
}
