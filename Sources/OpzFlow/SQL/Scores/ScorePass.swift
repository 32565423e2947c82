import OpzDatabase
import OpzIO
import OpzJSON
import OpzModel
import OpzSQL

/// One way through the rows: they are read on a thread, scored on all cores, and written here, all at the same time and
/// each a few pieces ahead of the next at most.
struct ScorePass {
  let piece: ScorePiece
  let reader: any BulkConnection
  let connection: any BulkConnection
  let batch: Int
  let progress: any ProgressSink
  let isStopping: @Sendable () -> Bool
  /// Whether rows of the same key are replaced.
  let replaces: Bool
  /// Whether the position is that of the last row, for a pass that begins behind it.
  let keepsPosition: Bool
  /// Whether a result would be held whole in memory, or in the way of writers: rows are read page by page.
  let isPaged: Bool
  /// SQLite's readers and writers wait for each other: rows are written when they are there.
  let isAlternating: Bool
  /// Begins a transaction in which all pages are of one moment; nil where there is none, or one statement reads all.
  let snapshot: String?

  /// Bytes of a piece.
  private static let size = 1 << 17
  /// Rows of a page.
  private static let page = 20_000

  private var source: ScoreSource { piece.source }

  /// Scores a part of the rows.
  /// - Parameter ends: whether the job is done behind the last row.
  func run(_ part: ScoreSource.Part, _ writer: inout ScoreWriter, ends: Bool) throws {
    var writing = Writing(self)
    var bar = RowProgress(progress, into: piece.target.name.last, rows: ends ? try rowCount(part) : nil)
    do {
      let feed = try feed(part)
      defer { feed.stop() }
      let piece = piece
      let pipeline = try OrderedPipeline<RowBytes, ScorePiece.Result>(threads: Cores.count) { try piece.score($0) }
      defer { pipeline.stop() }
      while let rows = try feed.next() {
        for done in try pipeline.submit(rows) { try writing.take(done, &writer, bar: &bar) }
      }
      while let done = try pipeline.drain() { try writing.take(done, &writer, bar: &bar) }
      let isDone = ends && !isStopping()
      try writing.commit(&writer, state: isDone ? .done : .running)
      bar.end(.done)
    } catch {
      writer.rollBack()
      bar.end(.failed)
      throw try explained(error)
    }
  }

  private func explained(_ error: any Error) throws -> any Error {
    guard let error = error as? ScorePiece.RepeatedKey else { return error }
    let count = try connection.firstColumn(of: source.countingDuplicates).first ?? "some"
    return FlowError(
      .failed, "--key \(source.keys.map(\.name).joined(separator: ", "))",
      reason: "\(count) keys stand in more than one row: \(error.key.map(\.description).joined(separator: ", "))",
      hint: "name more columns with --key, or have the query give each key once")
  }

  /// How many rows there may be, for the bar; nil where nobody looks.
  private func rowCount(_ part: ScoreSource.Part) throws -> Int? {
    guard !(progress is NoProgress) else { return nil }
    guard !isPaged else { return try reader.firstColumn(of: source.counting).first.flatMap { Int($0) } }
    let plan = try reader.firstColumn(of: "EXPLAIN (FORMAT JSON) \(source.reading(part))").joined()
    guard case .array(let plans)? = try? JSONValue(json: Array(plan.utf8)), let first = plans.first?["Plan"] else {
      return nil
    }
    return first["Plan Rows"]?.integer.map { Int($0) }
  }

  // MARK: Reading

  private func feed(_ part: ScoreSource.Part) throws -> RowFeed {
    // From now on, the thread alone uses it.
    nonisolated(unsafe) let reader = reader
    let (source, isPaged, limit) = (source, isPaged, min(batch, piece.scoring.rowLimit))
    let page = min(ScorePass.page, batch)
    let snapshot = snapshot
    return try RowFeed(isStopping: isStopping) { take in
      if let snapshot { try reader.run(snapshot) }
      defer { if snapshot != nil { try? reader.run("COMMIT") } }
      func read(_ part: ScoreSource.Part, _ take: (RowBytes) throws -> Void) throws {
        try reader.read(
          source.reading(part), types: source.shape.types, size: ScorePass.size, limit: limit, take)
      }
      guard isPaged else { return try read(part, take) }
      var part = part
      part.limit = page
      while true {
        var pieces: [RowBytes] = []
        try read(part) { pieces.append($0) }
        for piece in pieces { try take(piece) }
        guard let last = pieces.last, pieces.reduce(0, { $0 + $1.count }) == page else { return }
        part.after = try ScorePass.position(of: last.lastFields(source.shape.keys), source)
        try ScorePass.checkEnd(of: last, source, reader)
      }
    }
  }

  private static func position(of fields: ArraySlice<UInt8>, _ source: ScoreSource) throws -> [KeyValue] {
    let values = try KeyValue.values(of: fields, Array(source.shape.types.prefix(source.shape.keys)))
    return source.positionPlaces.map { values[$0] }
  }

  /// The next page begins behind the last key: a second row of it would be passed over.
  private static func checkEnd(of rows: RowBytes, _ source: ScoreSource, _ reader: any BulkConnection) throws {
    guard source.isOrderedByKey else { return }
    let key = try KeyValue.values(of: rows.lastFields(source.keys.count), source.keyTypes)
    guard try reader.firstColumn(of: source.counting(key: key)) == ["1"] else {
      throw ScorePiece.RepeatedKey(key: key)
    }
  }

  // MARK: Writing

  /// The transaction that rows are written in.
  private struct Writing {
    private let pass: ScorePass
    private let statements: (before: [String], target: BulkTarget, after: [String])
    private var isOpen = false
    private var waiting: [RowBytes] = []
    private var rows = 0
    private var unscored = 0
    private var last: [UInt8] = []

    init(_ pass: ScorePass) {
      self.pass = pass
      statements = pass.piece.target.writing(replaces: pass.replaces)
    }

    mutating func take(_ done: ScorePiece.Result, _ writer: inout ScoreWriter, bar: inout RowProgress) throws {
      if pass.source.isOrderedByKey, done.first == last {
        throw ScorePiece.RepeatedKey(key: try KeyValue.values(of: last[...], pass.source.keyTypes))
      }
      last = done.last
      if pass.isAlternating {
        waiting.append(done.rows)
      } else {
        if !isOpen { try open(&writer) }
        try pass.connection.write(done.rows)
      }
      rows += done.rows.count
      unscored += done.unscored
      bar.advance(rows: done.rows.count, bytes: done.size)
      if rows >= pass.batch { try commit(&writer, state: .running) }
    }

    private mutating func open(_ writer: inout ScoreWriter) throws {
      isOpen = true
      try writer.beginRows(statements)
    }

    mutating func commit(_ writer: inout ScoreWriter, state: ScoreJob.State) throws {
      guard rows > 0 else {
        guard state == .done, writer.job.state != .done else { return }
        try writer.begin()
        return try writer.commit(rows: 0, unscored: 0, position: writer.job.position, state: state)
      }
      if !isOpen { try open(&writer) }
      for rows in waiting { try pass.connection.write(rows) }
      try writer.endRows(statements)
      let position = ScoreJob.Position(
        columns: pass.source.positionNames, values: try ScorePass.position(of: last[...], pass.source))
      try writer.commit(
        rows: rows, unscored: unscored, position: pass.keepsPosition ? position : nil, state: state)
      (isOpen, waiting, rows, unscored) = (false, [], 0, 0)
    }
  }
}

/// Shows how far a pass is: in bytes, as for files.
private struct RowProgress {
  private let sink: any ProgressSink
  private let item: String
  private let rows: Int?
  private var hasBegun = false

  init(_ sink: any ProgressSink, into table: String, rows: Int?) {
    self.sink = sink
    self.rows = rows
    item = "rows into \(table)"
  }

  mutating func advance(rows count: Int, bytes: Int) {
    if !hasBegun {
      hasBegun = true
      let total = rows.map { Double($0) * Double(bytes) / Double(max(1, count)) }
      sink.report(.started(item: item, total: total.map { UInt64(min($0, 1e18)) }))
    }
    sink.report(.advanced(item: item, bytes: UInt64(bytes)))
  }

  func end(_ outcome: ProgressOutcome) {
    if hasBegun { sink.report(.finished(item: item, outcome: outcome)) }
  }
}
