import OpzDatabase
import OpzIO
import OpzModel

/// Scores a piece of the rows: from the database's bytes to the bytes that are written.
struct ScorePiece: Sendable {
  /// A piece that is scored.
  struct Result: Sendable {
    var rows = RowBytes()
    /// Bytes that were read.
    let size: Int
    /// Rows without scores.
    var unscored = 0
    /// The key and watermark fields of the first and last row.
    let first: [UInt8]
    let last: [UInt8]
  }

  /// Two rows have one key.
  struct RepeatedKey: Error {
    let key: [KeyValue]
  }

  let source: ScoreSource
  let target: ScoreTarget
  let scoring: ColumnScoring
  let model: String
  let version: String?
  let unscored: ScoreTable.Unscored

  /// - Throws: `RepeatedKey`; `FlowError` for a row that cannot be scored, and one without a key.
  func score(_ rows: RowBytes) throws -> Result {
    let block = try RowBlock(rows, source.shape)
    try checkKeys(block)
    var texts: [Int: [Range<Int>]] = [:]
    for (input, places) in zip(source.textInputs, block.texts) { texts[input] = places }
    var cells = ColumnScoring.Cells(count: block.count, numbers: block.numbers, bytes: block.bytes, texts: texts)
    cells.strays = block.strays.map { ($0.row, $0.column, $0.text) }
    let (scores, problems) = try scoring.score(cells)
    if unscored == .error, let row = problems.keys.min(), let problem = problems[row] {
      throw FlowError(
        .failed, "the row with the key \(try key(block, row))\(problem.input.map { ", \($0)" } ?? "")",
        reason: problem.reason,
        hint: (problem.hint.map { "\($0); " } ?? "") + "--unscored null writes such rows without scores")
    }
    var result = Result(
      size: rows.bytes.count, unscored: problems.count, first: block.keys.first.map { Array(block.bytes[$0]) } ?? [],
      last: block.keys.last.map { Array(block.bytes[$0]) } ?? [])
    write(block, scores, without: problems, to: &result.rows)
    return result
  }

  private func key(_ block: RowBlock, _ row: Int) throws -> String {
    let types = Array(source.shape.types.prefix(source.keys.count))
    return try KeyValue.values(of: block.bytes[block.keys[row]], types).map(\.description).joined(separator: ", ")
  }

  private func checkKeys(_ block: RowBlock) throws {
    guard block.rowWithoutKey == nil else { throw ScorePiece.rowWithoutKey(count: nil) }
    guard source.isOrderedByKey, block.count > 1 else { return }
    try block.bytes.withUnsafeBytes { bytes in
      for row in 1..<block.count where bytes[block.keys[row]].elementsEqual(bytes[block.keys[row - 1]]) {
        throw RepeatedKey(key: try KeyValue.values(of: block.bytes[block.keys[row]], source.keyTypes))
      }
    }
  }

  static func rowWithoutKey(count: Int?) -> FlowError {
    FlowError(
      .failed, "--key", reason: "\(count.map { "\($0) rows have" } ?? "a row has") NULL as key or watermark",
      hint: "leave such rows out in the query: WHERE .. IS NOT NULL")
  }

  // MARK: Writing

  private func write(
    _ block: RowBlock, _ scores: ColumnScoring.Scores, without problems: [Int: ColumnScoring.Problem],
    to rows: inout RowBytes
  ) {
    let now = Timestamp.now()
    let width = scoring.columns.count
    // What all rows have is written once.
    let ends = ends(at: now)
    let places = target.columns.compactMap { column -> (Int, CellType)? in
      if case .score(let index) = column.content { (index, column.type) } else { nil }
    }
    rows.reserve(block.count * (2 + 24 + width * 12 + ends.count))
    for row in 0..<block.count {
      rows.beginRow(fields: target.columns.count)
      rows.append(fields: block.bytes[block.keys[row]])
      let hasScores = problems.isEmpty || problems[row] == nil
      for (index, type) in places {
        if hasScores {
          ScorePiece.write(scores, row * width + index, as: type, to: &rows)
        } else {
          rows.appendNull()
        }
      }
      rows.append(fields: ends[...])
    }
  }

  /// The fields behind the scores.
  private func ends(at now: Timestamp) -> [UInt8] {
    var ends = RowBytes()
    for column in target.columns {
      switch column.content {
      case .key, .watermark, .score: break
      case .model: ends.append(field: model.utf8)
      case .version: if let version { ends.append(field: version.utf8) } else { ends.appendNull() }
      case .scoredAt:
        if column.type == .timestampTZ {
          // Microseconds since 2000.
          ends.append(field: (now.milliseconds - 946_684_800_000) * 1000)
        } else if case .moment = column.type {
          ends.append(field: ScoreTarget.moment(now.description).utf8)
        } else {
          ends.append(field: now.description.utf8)
        }
      }
    }
    return ends.bytes
  }

  @inline(__always)
  private static func write(_ scores: ColumnScoring.Scores, _ place: Int, as type: CellType, to rows: inout RowBytes) {
    switch scores {
    case .float32(let numbers):
      if type == .float32 {
        rows.append(field: numbers[place].bitPattern)
      } else {
        rows.append(field: Double(numbers[place]).bitPattern)
      }
    case .float64(let numbers): rows.append(field: numbers[place].bitPattern)
    case .integers(let numbers):
      if let whole = Int64(exactly: numbers[place]) { rows.append(field: whole) } else { rows.appendNull() }
    case .texts(let texts): if let text = texts[place] { rows.append(field: text.utf8) } else { rows.appendNull() }
    case .leaves(let leaves): rows.append(field: Int64(leaves[place]))
    }
  }
}
