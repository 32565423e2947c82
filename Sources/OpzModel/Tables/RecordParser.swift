/// Parses pieces of a table into rows of a model's inputs in one pass, without making texts of cells that are none.
struct RecordParser: Sendable {
  /// What becomes of a field.
  enum Action: UInt8 {
    case skip
    /// A number that is stored after rounding to float32, or as it is.
    case float32, float64
    /// A number or category that `RowEncoder` checks.
    case encode
    case text
  }

  struct Step: Sendable {
    let action: Action
    /// The index of the input.
    let input: Int
    /// The place among the text inputs, or among the kept columns; -1 for none.
    let text: Int
    let kept: Int
  }

  let columns: TableColumns
  let encoder: RowEncoder
  let dialect: CSVDialect
  let decimals: DecimalReader
  let missing: [[UInt8]]
  let stopsAtProblem: Bool
  private let steps: [Step]
  /// The indexes of the text inputs.
  private let texts: [Int]

  /// - Parameter stopsAtProblem: whether the first bad row ends a piece; otherwise it is left out.
  init(_ columns: TableColumns, _ encoder: RowEncoder, options: BatchScoring.Options, stopsAtProblem: Bool) {
    self.columns = columns
    self.encoder = encoder
    dialect = options.dialect
    decimals = DecimalReader(mark: options.dialect.decimal)
    missing = options.missing.map { Array($0.utf8) }
    self.stopsAtProblem = stopsAtProblem
    let texts = encoder.inputs.indices.filter { encoder.inputs[$0].kind == .text }
    self.texts = texts
    steps = columns.fields.map { field in
      Step(
        action: field.input.map { RecordParser.action(encoder.inputs[$0].kind) } ?? .skip, input: field.input ?? 0,
        text: field.input.flatMap { texts.firstIndex(of: $0) } ?? -1, kept: field.kept ?? -1)
    }
  }

  private static func action(_ kind: Model.Kind) -> Action {
    switch kind {
    case .number(.float32): .float32
    case .number(.float64): .float64
    case .number, .categorical: .encode
    case .text: .text
    }
  }

  /// Parses a piece.
  func parse(_ chunk: RecordReader.Chunk) -> ParsedRows {
    encoder.isDouble ? parse(chunk) { Tensor.Storage.float64($0) } : parse(chunk) { Tensor.Storage.float32($0) }
  }

  private func parse<Element: BinaryFloatingPoint>(
    _ chunk: RecordReader.Chunk, _ store: ([Element]) -> Tensor.Storage
  ) -> ParsedRows {
    let width = encoder.inputs.count
    // A row has at least as many bytes as fields, one is written before it turns out to be a bad one.
    let room = min(chunk.records, chunk.count / max(1, steps.count) + 1) + 1
    var parsed = ParsedRows(chunk: chunk, texts: texts)
    let matrix = [Element](unsafeUninitializedCapacity: room * width) { space, filled in
      guard let matrix = space.baseAddress else { return filled = 0 }
      chunk.bytes.withUnsafeBufferPointer { bytes in
        guard let base = bytes.baseAddress else { return }
        steps.withUnsafeBufferPointer { steps in
          var pass = RecordPass(parser: self, steps: steps, base: base, end: base + chunk.count, parsed: parsed)
          defer { pass.scratch?.deallocate() }
          pass.run(matrix, width, room: room)
          parsed = pass.parsed
        }
      }
      filled = parsed.count * width
    }
    parsed.numbers = store(matrix)
    return parsed
  }
}
