public import OpzIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Scores a CSV table into a CSV table: streaming, on all cores, in row order, and in constant memory.
public struct BatchScoring: Sendable {
  /// What is written for each row: the probability, the margin before the link function, or the leaf of each tree.
  public enum Kind: String, Sendable, CaseIterable {
    case probability, margin, leaf
  }

  /// Settings of a batch run.
  public struct Options: Sendable {
    public var kind = Kind.probability
    /// A text that means missing, in addition to the empty cell.
    public var missing: String?
    /// Columns copied to the output unchanged.
    public var keep: [String] = []
    /// Columns that are not read.
    public var ignore: [String] = []
    /// Threads; 0 for one per core.
    public var threads = 0

    /// Bytes of input per piece of work.
    package var chunk = 1 << 19

    /// Creates options with the defaults.
    public init() {}
  }

  private let scorer: Scorer
  private let encoder: RowEncoder
  private let options: Options

  /// Maximum bytes of a record.
  private static let recordLimit = 16 << 20

  /// Creates a run for a model.
  public init(_ model: Model, _ options: Options = Options()) {
    scorer = Scorer(model)
    encoder = RowEncoder(model.signature)
    self.options = options
  }

  /// Scores the table in `source` and writes the result to `sink`. It blocks.
  /// - Returns: the number of rows.
  /// - Throws: `ModelError.badRows` with the line number. The output written until then must be discarded.
  @discardableResult
  public func run(_ source: any ByteSource, to sink: inout some ByteSink) throws -> Int {
    var reader = RecordReader(source, chunk: options.chunk, limit: BatchScoring.recordLimit)
    guard let first = try reader.header() else { throw ModelError(.badRows, "input", "no header line") }
    let columns = try TableColumns(header: first, signature: encoder.signature, options: options)
    try sink.write(header(columns))
    let threads = options.threads > 0 ? options.threads : Cores.count
    let pipeline = try OrderedPipeline<RecordReader.Chunk, Scored>(threads: threads) { [self] chunk in
      try score(chunk, columns)
    }
    defer { pipeline.stop() }
    var rows = 0
    while let chunk = try reader.next() {
      for done in try pipeline.submit(chunk) {
        try sink.write(done.text)
        rows += done.rows
      }
    }
    while let done = try pipeline.drain() {
      try sink.write(done.text)
      rows += done.rows
    }
    return rows
  }

  struct Scored: Sendable {
    var text: [UInt8]
    var rows: Int
  }

  /// What is written for each row, unless it is leaves.
  private var output: Model.Output {
    (options.kind == .margin ? scorer.model.output(.margin) : nil) ?? scorer.model.outputs[0]
  }

  private func header(_ columns: TableColumns) -> [UInt8] {
    var names = columns.kept.map { columns.header[$0] }
    switch options.kind {
    case .leaf: names += (0..<scorer.model.treeCount).map { "leaf_\($0)" }
    case .probability, .margin:
      let output = output
      let width = scorer.model.nodes[output.node].type.width
      names += width == 1 ? [output.kind.rawValue] : (0..<width).map { "\(output.kind.rawValue)_\($0)" }
    }
    var line: [UInt8] = []
    for (index, name) in names.enumerated() {
      if index > 0 { line.append(UInt8(ascii: ",")) }
      CSVRecords.write(name, to: &line)
    }
    line.append(10)
    return line
  }

  private func score(_ chunk: RecordReader.Chunk, _ columns: TableColumns) throws -> Scored {
    var records = CSVRecords(chunk.bytes, line: chunk.line)
    var fields: [String] = []
    var matrix: [Float] = []
    var kept: [String] = []
    var rows = 0
    let width = scorer.model.inputs.count
    while try records.next(into: &fields) {
      guard fields.count == columns.header.count else {
        throw ModelError(
          .badRows, "line \(records.line)", "\(fields.count) fields where the header has \(columns.header.count)")
      }
      let start = matrix.count
      matrix.append(contentsOf: repeatElement(Float.nan, count: width))
      for (index, field) in fields.enumerated() {
        guard let column = columns.modelColumns[index], !field.isEmpty, field != options.missing else { continue }
        do {
          matrix[start + column] = try encoder.encode(field, column: column)
        } catch let error as ModelError {
          throw ModelError(error.code, "line \(records.line), \(error.subject)", error.reason, hint: error.hint)
        }
      }
      for index in columns.kept { kept.append(fields[index]) }
      rows += 1
    }
    return Scored(text: try write(matrix, rows, kept, columns.kept.count), rows: rows)
  }

  private func write(_ matrix: [Float], _ rows: Int, _ kept: [String], _ keptCount: Int) throws -> [UInt8] {
    let input = Rows(matrix, count: rows)
    let texts: (Int) -> String
    let perRow: Int
    if options.kind == .leaf {
      let leaves = try scorer.leaves(input)
      (texts, perRow) = ({ String(leaves[$0]) }, scorer.model.treeCount)
    } else {
      let scored = try scorer.score(input, [output.kind]).outputs[0]
      perRow = scored.type.width
      switch scored.storage {
      case .float32(let values): texts = { values[$0].description }
      case .float64(let values): texts = { values[$0].description }
      case .texts(let values): texts = { values[$0] ?? "" }
      }
    }
    var lines: [UInt8] = []
    lines.reserveCapacity(rows * (perRow + keptCount) * 12)
    for row in 0..<rows {
      for index in 0..<keptCount {
        if index > 0 { lines.append(UInt8(ascii: ",")) }
        CSVRecords.write(kept[row * keptCount + index], to: &lines)
      }
      for index in 0..<perRow {
        if index + keptCount > 0 { lines.append(UInt8(ascii: ",")) }
        lines.append(contentsOf: texts(row * perRow + index).utf8)
      }
      lines.append(10)
    }
    return lines
  }
}
