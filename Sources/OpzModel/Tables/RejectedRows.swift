/// The rows that were left out, as a CSV table: the line, the input, the reason, and the record as it was.
struct RejectedRows: Sendable {
  private let dialect: CSVDialect

  init(_ dialect: CSVDialect) { self.dialect = dialect }

  var header: [UInt8] {
    var bytes: [UInt8] = []
    dialect.writeRecord(["line", "column", "reason", "record"], to: &bytes)
    return bytes
  }

  /// All bad rows of a piece, in their order: those that could not be parsed, and those that the model refuses.
  static func all(_ parsed: ParsedRows, refused: [Int: String]) -> [ParsedRows.Problem] {
    guard !refused.isEmpty else { return parsed.problems }
    let more = refused.map { ParsedRows.Problem(start: parsed.starts[$0], reason: $1, column: nil, hint: nil) }
    return (parsed.problems + more).sorted { $0.start < $1.start }
  }

  /// The lines for bad rows.
  func lines(_ problems: [ParsedRows.Problem], of chunk: RecordReader.Chunk) -> [UInt8] {
    var lines: [UInt8] = []
    chunk.bytes.withUnsafeBufferPointer { bytes in
      var (line, place) = (chunk.line, 0)
      for problem in problems {
        line += bytes[place..<problem.start].count { $0 == 10 }
        place = problem.start
        let rest = UnsafeBufferPointer(rebasing: bytes[problem.start..<chunk.count])
        let record = rest.prefix(CSVCursor.firstEnd(rest, dialect))
        let text = String(decoding: record.reversed().drop { $0 == 10 || $0 == 13 }.reversed(), as: UTF8.self)
        dialect.writeRecord([String(line), problem.column ?? "", problem.reason, text], to: &lines)
      }
    }
    return lines
  }

  /// The error for a bad row.
  static func error(_ problem: ParsedRows.Problem, of chunk: RecordReader.Chunk) -> ModelError {
    let line = chunk.line + chunk.bytes[..<problem.start].count { $0 == 10 }
    let column = problem.column.map { ", column \($0)" } ?? ""
    return ModelError(
      .badRows, "line \(line)\(column)", reason: problem.reason,
      hint: problem.hint)
  }
}
