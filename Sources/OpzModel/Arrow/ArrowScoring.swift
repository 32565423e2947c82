import OpzIO

/// Scores an Arrow table into an Arrow table: a stream into a stream, a file into a file.
struct ArrowScoring: Sendable {
  /// Some rows of a batch.
  private struct Piece: Sendable {
    let batch: ArrowReader.Batch
    let range: Range<Int>
    /// The number of the batch's first row in the table, from 1.
    let first: Int
  }

  private struct Result: Sendable {
    var batch: (head: [UInt8], body: [UInt8])
    var rows: Int
    var rejects: [UInt8] = []
    var rejected = 0
  }

  private let columns: TableColumns
  private let schema: [ArrowField]
  private let parser: ArrowRows
  private let values: ScoredValues
  private let keepsGoing: Bool
  private let dialect: CSVDialect
  /// The index of the field of each kept column.
  private let kept: [Int]

  /// Rows of a piece of work.
  private static let rowLimit = 4096

  init(
    _ schema: [ArrowField], _ encoder: RowEncoder, options: BatchScoring.Options, values: ScoredValues,
    keepsGoing: Bool
  ) throws {
    var options = options
    options.header = .first
    columns = try TableColumns(first: schema.map(\.name), inputs: encoder.inputs, options: options)
    self.schema = schema
    self.values = values
    self.keepsGoing = keepsGoing
    dialect = options.dialect
    parser = try ArrowRows(columns, schema, encoder: encoder, options: options, stopsAtProblem: !keepsGoing)
    var kept = [Int](repeating: 0, count: columns.kept.count)
    for (index, field) in columns.fields.enumerated() {
      guard let slot = field.kept else { continue }
      kept[slot] = index
      if case .other(let name, _) = schema[index].type {
        throw ModelError(
          .badRows, "column \(schema[index].name)", reason: "a column of the Arrow type \(name) cannot be kept",
          hint: "cast it to a number or a text")
      }
    }
    self.kept = kept
  }

  /// See `BatchScoring.run`.
  func run<Rejects: ByteSink>(
    _ reader: inout ArrowReader, threads: Int, _ sink: inout some ByteSink, rejects: inout Rejects?
  ) throws -> BatchScoring.Summary {
    var writer = ArrowWriter(
      kept.map { (schema[$0].name, schema[$0].type) } + values.names.map { ($0, values.arrowType) },
      isFile: reader.isFile)
    try sink.write(writer.begin())
    try rejects?.write(RejectedRows(dialect).header)
    let pipeline = try OrderedPipeline<Piece, Result>(threads: threads) { try score($0) }
    defer { pipeline.stop() }
    var summary = BatchScoring.Summary()
    func take(_ done: Result) throws {
      summary.rows += done.rows
      summary.rejected += done.rejected
      if done.rejected > 0 { try rejects?.write(done.rejects) }
      guard done.rows > 0 else { return }
      writer.add(done.batch)
      try sink.write(done.batch.head)
      try sink.write(done.batch.body)
    }
    var first = 1
    let step = min(ArrowScoring.rowLimit, values.rowLimit)
    while let batch = try reader.next() {
      for start in stride(from: 0, to: batch.count, by: step) {
        let piece = Piece(batch: batch, range: start..<min(start + step, batch.count), first: first)
        for done in try pipeline.submit(piece) { try take(done) }
      }
      first += batch.count
    }
    while let done = try pipeline.drain() { try take(done) }
    try sink.write(writer.end())
    return summary
  }

  private func score(_ piece: Piece) throws -> Result {
    var parsed = try parser.parse(piece.batch, piece.range)
    let (scores, refused) = try values.compute(parsed.rows)
    for (row, reason) in refused {
      parsed.problems.append(ArrowRows.Problem(place: parsed.places[row], column: nil, reason: reason, hint: nil))
    }
    parsed.problems.sort { $0.place < $1.place }
    if !keepsGoing, let problem = parsed.problems.first {
      let column = problem.column.map { ", column \($0)" } ?? ""
      throw ModelError(
        .badRows, "row \(piece.first + problem.place)\(column)", reason: problem.reason, hint: problem.hint)
    }
    let rows = parsed.places.indices.filter { refused[$0] == nil }
    let places = rows.map { parsed.places[$0] }
    let columns = try kept.map { field in
      guard let column = piece.batch.columns[field], column.count == piece.batch.count else {
        throw ArrowReader.damaged()
      }
      return ArrowWriter.Values(column, places)
    }
    var result = Result(
      batch: ArrowWriter.batch(columns + ArrowWriter.values(scores, rows), rows: rows.count), rows: rows.count)
    for problem in parsed.problems {
      dialect.writeRecord(
        [String(piece.first + problem.place), problem.column ?? "", problem.reason, ""], to: &result.rejects)
    }
    result.rejected = parsed.problems.count
    return result
  }
}

extension ArrowWriter.Values {
  /// The values of some rows of a column, a dictionary's as such.
  init(_ column: ArrowColumn, _ rows: [Int]) {
    switch column.valueType {
    case .text, .null, .other: self = .texts(rows.map { column.text($0).map { Array($0) } })
    case .bool:
      let numbers = rows.map { column.number($0) }
      self = .bools(numbers.map { $0 == 1 }, valid: numbers.map { !$0.isNaN })
    case .integer, .float32, .float64:
      let values = rows.map { column.bytes($0) }
      let zero = ArraySlice(repeating: UInt8(0), count: column.valueType.size)
      self = .fixed(values.flatMap { $0 ?? zero }, valid: values.map { $0 != nil })
    }
  }
}

extension ArrowWriter {
  /// The columns of some rows of scores.
  static func values(_ scores: TableWriter.Values, _ rows: [Int]) -> [Values] {
    let width = scores.width
    return (0..<width).map { column in
      switch scores {
      case .leaves(let leaves, _): return fixed(rows.map { leaves[$0 * width + column] })
      case .tensor(let tensor):
        switch tensor.storage {
        case .float32(let values): return fixed(rows.map { values[$0 * width + column].bitPattern })
        case .float64(let values) where tensor.type.element == .integer:
          let whole = rows.map { Int64(exactly: values[$0 * width + column]) }
          guard case .fixed(let bytes, _) = fixed(whole.map { $0 ?? 0 }) else { return .texts([]) }
          return .fixed(bytes, valid: whole.map { $0 != nil })
        case .float64(let values): return fixed(rows.map { values[$0 * width + column].bitPattern })
        case .texts(let values): return .texts(rows.map { values[$0 * width + column].map { Array($0.utf8) } })
        }
      }
    }
  }

  private static func fixed(_ numbers: [some FixedWidthInteger]) -> Values {
    var bytes: [UInt8] = []
    for number in numbers { FlatObject.append(&bytes, number) }
    return .fixed(bytes, valid: nil)
  }
}
