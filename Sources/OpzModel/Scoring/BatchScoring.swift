public import OpzIO

/// Scores a CSV table into a CSV table: streaming, on all cores, in row order, and in bounded memory.
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

  private let scorer: Scorer
  private let encoder: RowEncoder
  let options: Options
  /// Nil for leaves.
  private let output: Model.Output?

  /// Maximum bytes of a record.
  private static let recordLimit = 16 << 20
  /// Maximum values that are computed for a piece of work, unless a single row has more.
  private static let valueLimit = 1 << 19

  /// Creates a run for a model that is scored plainly.
  /// - Throws: as the other one.
  public init(_ model: Model, _ options: Options = Options()) throws { try self.init(Scorer(model), options) }

  /// Creates a run for a scorer.
  /// - Throws: `ModelError.badOption` for a kind that the model does not have, with the list of those that it has, and for
  ///   a column that is named for an input that does not exist.
  public init(_ scorer: Scorer, _ options: Options = Options()) throws {
    self.scorer = scorer
    self.options = options
    encoder = RowEncoder(scorer.model, unseen: options.unseen)
    output = try BatchScoring.output(options.kind, of: scorer.model)
    _ = try TableColumns.renamed(options.columns, scorer.model.inputs)
  }

  private static func output(_ kind: Kind?, of model: Model) throws -> Model.Output? {
    guard let kind else { return model.outputs[0] }
    if kind == .leaf, model.treeCount > 0 { return nil }
    if let wanted = kind.output, let output = model.output(wanted) { return output }
    let kinds = model.outputs.map(\.kind.rawValue) + (model.treeCount > 0 ? [Kind.leaf.rawValue] : [])
    throw ModelError(
      .badOption, "--kind", "the model (\(model.objective)) has no \(kind.rawValue)",
      hint: "it has \(kinds.joined(separator: ", "))")
  }

  /// Scores the table in `source` and writes the result to `sink`. It blocks.
  /// - Throws: `ModelError.badRows` with the line number of the first bad row. The output written until then must be
  ///   discarded.
  @discardableResult
  public func run(_ source: any ByteSource, to sink: inout some ByteSink) throws -> Summary {
    var none: CollectedBytes? = nil
    return try run(source, &sink, &none)
  }

  /// Scores the table in `source` without its bad rows, which are written to `rejects` with line, column and reason. It
  /// blocks.
  /// - Throws: `ModelError.badRows` for a table as a whole, such as one without a column that the model needs.
  public func run(
    _ source: any ByteSource, to sink: inout some ByteSink, rejects: inout some ByteSink
  ) throws -> Summary {
    var some = Optional(rejects)
    defer { if let some { rejects = some } }
    return try run(source, &sink, &some)
  }

  private func run<Rejects: ByteSink>(
    _ source: any ByteSource, _ sink: inout some ByteSink, _ rejects: inout Rejects?
  ) throws -> Summary {
    let threads = options.threads > 0 ? options.threads : Cores.count
    // Two pieces of work per thread are in flight, each with about ten times its bytes.
    let chunk = options.chunk > 0 ? options.chunk : min(1 << 18, max(1 << 15, (4 << 20) / threads))
    var reader = RecordReader(
      source, options.dialect, chunk: chunk, records: max(1, BatchScoring.valueLimit / max(1, width)),
      limit: BatchScoring.recordLimit)
    guard let first = try reader.header(isRow: options.header == .none) else {
      throw ModelError(.badRows, "input", options.header == .none ? "the table is empty" : "no header line")
    }
    let work = PieceScoring(
      columns: try TableColumns(first: first, inputs: encoder.inputs, options: options), encoder: encoder,
      options: options, keepsGoing: rejects != nil, scorer: scorer, output: output)
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

  /// Values per row.
  private var width: Int { output.map { scorer.model.nodes[$0.node].type.width } ?? scorer.model.treeCount }

  private func header(_ columns: TableColumns) -> [UInt8] {
    var names = columns.kept
    if let output {
      names += width == 1 ? [output.kind.rawValue] : (0..<width).map { "\(output.kind.rawValue)_\($0)" }
    } else {
      names += (0..<width).map { "leaf_\($0)" }
    }
    var line: [UInt8] = []
    options.dialect.writeRecord(names, to: &line)
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
  private let scorer: Scorer
  private let output: Model.Output?
  private let dialect: CSVDialect
  private let keepsGoing: Bool
  /// Whether the model refuses rows by itself, which `Scorer.leaves` does not say.
  private let isSelective: Bool

  init(
    columns: TableColumns, encoder: RowEncoder, options: BatchScoring.Options, keepsGoing: Bool, scorer: Scorer,
    output: Model.Output?
  ) {
    self.columns = columns
    self.scorer = scorer
    self.output = output
    self.keepsGoing = keepsGoing
    dialect = options.dialect
    isSelective = scorer.model.nodes.contains { node in
      if case .lookUp(let table) = node.operation { table.otherwise == nil } else { false }
    }
    parser = RecordParser(columns, encoder, options, stopsAtProblem: !keepsGoing)
    writer = TableWriter(dialect: options.dialect, keptColumns: columns.kept.count)
  }

  func score(_ chunk: RecordReader.Chunk) throws -> Result {
    let parsed = parser.parse(chunk)
    let (values, refused) = try values(parsed)
    let problems = RejectedRows.all(parsed, refused: refused)
    if !keepsGoing, let first = problems.first { throw RejectedRows.error(first, of: chunk) }
    var result = Result(
      lines: writer.lines(parsed, values, refused: refused), rows: parsed.count - refused.count)
    guard !problems.isEmpty else { return result }
    result.rejects = RejectedRows(dialect).lines(problems, of: chunk)
    result.rejected = problems.count
    return result
  }

  private func values(_ parsed: ParsedRows) throws -> (TableWriter.Values, refused: [Int: String]) {
    guard let output else {
      let refused = isSelective ? try scorer.score(parsed.rows, [scorer.model.outputs[0].kind]).refused : [:]
      return (.leaves(try scorer.leaves(parsed.rows), scorer.model.treeCount), refused)
    }
    let scored = try scorer.score(parsed.rows, [output.kind])
    return (.tensor(scored.outputs[0]), scored.refused)
  }
}
