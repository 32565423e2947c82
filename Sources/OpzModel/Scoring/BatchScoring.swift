public import OpzIO

/// Scores a CSV table into a CSV table, or an Arrow table into an Arrow table: streaming, on all cores, in row order, and in
/// bounded memory.
public struct BatchScoring: Sendable {
  /// What a run did.
  public struct Summary: Sendable, Equatable {
    /// Rows that were scored.
    public var rows = 0
    /// Rows that were left out.
    public var rejected = 0

    /// Nothing yet.
    public init() {}
  }

  private let encoder: RowEncoder
  let options: Options
  private let values: ScoredValues

  /// Maximum bytes of a record.
  private static let recordLimit = 16 << 20

  /// Creates a run for a model that is scored plainly.
  /// - Throws: as the other one.
  public init(_ model: Model, _ options: Options = Options()) throws { try self.init(Scorer(model), options) }

  /// Creates a run for a scorer.
  /// - Throws: `ModelError.badOption` for a kind that the model does not have, with the list of those that it has, and for
  ///   a column that is named for an input that does not exist.
  public init(_ scorer: Scorer, _ options: Options = Options()) throws {
    self.options = options
    encoder = RowEncoder(scorer.model, unseen: options.unseen)
    values = ScoredValues(scorer, try BatchScoring.output(options.kind, of: scorer.model))
    _ = try scorer.model.columnNames(options.columns)
  }

  static func output(_ kind: Kind?, of model: Model) throws -> Model.Output? {
    guard let kind else { return model.outputs[0] }
    if kind == .leaf, model.treeCount > 0 { return nil }
    if let wanted = kind.output, let output = model.output(wanted) { return output }
    let kinds = model.outputs.map(\.kind.rawValue) + (model.treeCount > 0 ? [Kind.leaf.rawValue] : [])
    throw ModelError(
      .badOption, "--kind", reason: "the model (\(model.objective)) has no \(kind.rawValue)",
      hint: "it has \(kinds.joined(separator: ", "))")
  }

  /// Scores the table in `source` and writes the result to `sink`. It blocks.
  /// - Throws: `ModelError.badRows` with the line number of the first bad row. The output written until then must be
  ///   discarded.
  @discardableResult
  public func run(_ source: any ByteSource, to sink: inout some ByteSink) throws -> Summary {
    var none: CollectedBytes? = nil
    return try run(source, &sink, rejects: &none)
  }

  /// Scores the table in `source` without its bad rows, which are written to `rejects` with line, column and reason. It
  /// blocks.
  /// - Throws: `ModelError.badRows` for a table as a whole, such as one without a column that the model needs.
  public func run(
    _ source: any ByteSource, to sink: inout some ByteSink, rejects: inout some ByteSink
  ) throws -> Summary {
    var some = Optional(rejects)
    defer { if let some { rejects = some } }
    return try run(source, &sink, rejects: &some)
  }

  private func run<Rejects: ByteSink>(
    _ source: any ByteSource, _ sink: inout some ByteSink, rejects: inout Rejects?
  ) throws -> Summary {
    let threads = options.threads > 0 ? options.threads : Cores.count
    let source = try PeekedSource(source, 4)
    if ArrowReader.isArrow(source.head) {
      var reader = try ArrowReader(source)
      let work = try ArrowScoring(reader.fields, encoder, options: options, values: values, keepsGoing: rejects != nil)
      return try work.run(&reader, threads: threads, &sink, rejects: &rejects)
    }
    // Two pieces of work per thread are in flight, each with about ten times its bytes.
    let chunk = options.chunk > 0 ? options.chunk : min(1 << 18, max(1 << 15, (4 << 20) / threads))
    var reader = RecordReader(
      source, options.dialect, chunk: chunk, records: values.rowLimit,
      limit: BatchScoring.recordLimit)
    guard let first = try reader.header(isRow: options.header == .none) else {
      throw ModelError(.badRows, "input", reason: options.header == .none ? "the table is empty" : "no header line")
    }
    let work = PieceScoring(
      columns: try TableColumns(first: first, inputs: encoder.inputs, options: options), encoder: encoder,
      options: options, keepsGoing: rejects != nil, values: values)
    if options.header == .first { try sink.write(header(work.columns)) }
    try rejects?.write(RejectedRows(options.dialect).header)
    let pipeline = try OrderedPipeline<RecordReader.Chunk, PieceScoring.Result>(threads: threads) { try work.score($0) }
    defer { pipeline.stop() }
    var summary = Summary()
    func take(_ done: PieceScoring.Result) throws {
      try sink.write(done.lines)
      if done.rejected > 0 { try rejects?.write(done.rejects) }
      summary.rows += done.rows
      summary.rejected += done.rejected
    }
    while let chunk = try reader.next() {
      for done in try pipeline.submit(chunk) { try take(done) }
    }
    while let done = try pipeline.drain() { try take(done) }
    return summary
  }

  private func header(_ columns: TableColumns) -> [UInt8] {
    var line: [UInt8] = []
    options.dialect.writeRecord(columns.kept + values.names, to: &line)
    return line
  }
}

/// Where rejected rows would go if they were collected.
private struct CollectedBytes: ByteSink {
  mutating func write(_ bytes: UnsafeRawBufferPointer) throws {}
}

/// Scores one piece of a table.
struct PieceScoring: Sendable {
  struct Result: Sendable {
    var lines: [UInt8]
    var rows: Int
    var rejects: [UInt8] = []
    var rejected = 0
  }

  let columns: TableColumns
  private let parser: RecordParser
  private let writer: TableWriter
  private let values: ScoredValues
  private let dialect: CSVDialect
  private let keepsGoing: Bool

  init(
    columns: TableColumns, encoder: RowEncoder, options: BatchScoring.Options, keepsGoing: Bool, values: ScoredValues
  ) {
    self.columns = columns
    self.values = values
    self.keepsGoing = keepsGoing
    dialect = options.dialect
    parser = RecordParser(columns, encoder, options: options, stopsAtProblem: !keepsGoing)
    writer = TableWriter(dialect: options.dialect, keptColumns: columns.kept.count)
  }

  func score(_ chunk: RecordReader.Chunk) throws -> Result {
    let parsed = parser.parse(chunk)
    let (scores, refused) = try values.compute(parsed.rows)
    let problems = RejectedRows.all(parsed, refused: refused)
    if !keepsGoing, let first = problems.first { throw RejectedRows.error(first, of: chunk) }
    var result = Result(
      lines: writer.lines(parsed, scores, refused: refused), rows: parsed.count - refused.count)
    guard !problems.isEmpty else { return result }
    result.rejects = RejectedRows(dialect).lines(problems, of: chunk)
    result.rejected = problems.count
    return result
  }
}

/// A source whose first bytes were looked at.
final class PeekedSource: ByteSource {
  /// The first bytes; fewer if there are no more.
  let head: [UInt8]
  private var rest: ArraySlice<UInt8>
  private let source: any ByteSource

  init(_ source: any ByteSource, _ count: Int) throws {
    self.source = source
    var head: [UInt8] = []
    while head.count < count {
      let more = try [UInt8](unsafeUninitializedCapacity: count - head.count) { space, filled in
        filled = try source.read(into: UnsafeMutableRawBufferPointer(space))
      }
      if more.isEmpty { break }
      head += more
    }
    self.head = head
    rest = head[...]
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard !rest.isEmpty else { return try source.read(into: buffer) }
    let count = min(rest.count, buffer.count)
    buffer.copyBytes(from: rest.prefix(count))
    rest = rest.dropFirst(count)
    return count
  }
}
