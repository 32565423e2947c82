internal import CSQLite
import OpzIO

extension SQLiteConnection: BulkConnection {
  func columns(of query: String) throws -> [QueryColumn] {
    var statement: OpaquePointer?
    var isWhole = false
    let result = query.withCString { text in
      var tail: UnsafePointer<CChar>?
      let result = sqlite3_prepare_v2(handle, text, -1, &statement, &tail)
      isWhole = tail?.pointee == 0
      return result
    }
    guard result == SQLITE_OK else { throw failure() }
    defer { sqlite3_finalize(statement) }
    guard let statement, isWhole, sqlite3_stmt_readonly(statement) != 0, sqlite3_column_count(statement) > 0 else {
      throw DatabaseError(
        .refused, "\(url)", reason: "the statement is no query, or more than one", hint: "write a SELECT")
    }
    return (0..<sqlite3_column_count(statement)).map { column in
      let name = sqlite3_column_name(statement, column).map { String(cString: $0) } ?? ""
      let type = sqlite3_column_decltype(statement, column).map { String(cString: $0) } ?? ""
      return QueryColumn(name: name, type: .any, typeName: type)
    }
  }

  func change(_ statement: String) throws -> Int {
    try run(statement)
    return Int(sqlite3_changes(handle))
  }

  func read(
    _ query: String, types: [CellType], size: Int, limit: Int, _ take: (RowBytes) throws -> Void
  ) throws {
    let statement = try prepare(query)
    defer { sqlite3_finalize(statement) }
    guard Int(sqlite3_column_count(statement)) == types.count else { throw CellCursor.damaged() }
    var rows = RowBytes()
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW:
        rows.beginRow(fields: types.count)
        for (column, type) in types.enumerated() { add(statement, Int32(column), as: type, to: &rows) }
        if rows.bytes.count >= size || rows.count >= limit {
          try take(rows)
          rows = RowBytes()
        }
      case SQLITE_DONE:
        if rows.count > 0 { try take(rows) }
        return
      default: throw failure()
      }
    }
  }

  private func add(_ statement: OpaquePointer, _ column: Int32, as type: CellType, to rows: inout RowBytes) {
    let kind = sqlite3_column_type(statement, column)
    switch kind {
    case SQLITE_NULL: rows.appendNull()
    case SQLITE_INTEGER where type == .text:
      rows.append(field: "\(sqlite3_column_int64(statement, column))".utf8)
    case SQLITE_FLOAT where type == .text: rows.append(field: "\(sqlite3_column_double(statement, column))".utf8)
    case SQLITE_INTEGER:
      rows.append(tagged: AnyCell.integer, UInt64(bitPattern: sqlite3_column_int64(statement, column)))
    case SQLITE_FLOAT: rows.append(tagged: AnyCell.float, sqlite3_column_double(statement, column).bitPattern)
    default:
      let text = sqlite3_column_text(statement, column)
      let count = text == nil ? 0 : Int(sqlite3_column_bytes(statement, column))
      let bytes = UnsafeBufferPointer(start: text, count: count)
      rows.append(
        field: bytes, tag: type == .text ? nil : kind == SQLITE_BLOB ? AnyCell.bytes : AnyCell.text)
    }
  }

  func beginWriting(_ target: BulkTarget) throws {
    abandonWriting()
    writing = (try prepare(target.statement), target.types)
  }

  func write(_ rows: RowBytes) throws {
    guard let writing else { return }
    try rows.bytes.withUnsafeBytes { bytes in
      var cursor = CellCursor(bytes)
      for _ in 0..<rows.count {
        guard try cursor.beginRow() == writing.types.count else { throw CellCursor.damaged() }
        for (index, type) in writing.types.enumerated() {
          guard try bind(cursor.cell(), type, of: cursor, to: writing.statement, at: Int32(index + 1)) == SQLITE_OK
          else {
            throw failure()
          }
        }
        guard sqlite3_step(writing.statement) == SQLITE_DONE else {
          let failure = failure()
          _ = sqlite3_reset(writing.statement)
          throw failure
        }
        _ = sqlite3_reset(writing.statement)
      }
    }
  }

  private func bind(
    _ cell: Range<Int>?, _ type: CellType, of cursor: CellCursor, to statement: OpaquePointer, at place: Int32
  ) throws -> Int32 {
    guard let cell else { return sqlite3_bind_null(statement, place) }
    func text(_ cell: Range<Int>) -> Int32 {
      // Where there are no bytes, SQLite would take a null pointer for NULL.
      guard !cell.isEmpty else { return opz_sqlite_bind(statement, place, "", 0) }
      let bytes = cursor.bytes(cell)
      return opz_sqlite_bind(
        statement, place, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: bytes.count))
    }
    switch type {
    case .int64: return sqlite3_bind_int64(statement, place, try cursor.integer(cell, Int64.self))
    case .float32:
      return sqlite3_bind_double(
        statement, place, Double(Float(bitPattern: try cursor.integer(cell, UInt32.self))))
    case .float64:
      return sqlite3_bind_double(statement, place, Double(bitPattern: try cursor.integer(cell, UInt64.self)))
    case .text: return text(cell)
    case .any:
      guard !cell.isEmpty else { throw CellCursor.damaged() }
      let rest = cell.dropFirst()
      switch try cursor.integer(cell.prefix(1), UInt8.self) {
      case AnyCell.integer: return sqlite3_bind_int64(statement, place, try cursor.integer(rest, Int64.self))
      case AnyCell.float:
        return sqlite3_bind_double(statement, place, Double(bitPattern: try cursor.integer(rest, UInt64.self)))
      default: return text(rest)
      }
    case .int16, .int32, .bool, .uuid, .date, .timestamp, .timestampTZ, .moment, .other: throw CellCursor.damaged()
    }
  }

  func endWriting() throws { abandonWriting() }

  func abandonWriting() {
    if let writing { sqlite3_finalize(writing.statement) }
    writing = nil
  }
}
