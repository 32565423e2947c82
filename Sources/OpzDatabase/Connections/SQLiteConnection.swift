internal import CSQLite
import OpzIO
import SystemPackage

/// SQLite by its own C interface. A file that is opened for reading gets tables in its schema `temp` alone.
final class SQLiteConnection: DatabaseConnection {
  let handle: OpaquePointer
  let url: DatabaseURL
  /// The statement of `beginWriting`, and the types of its values.
  var writing: (statement: OpaquePointer, types: [CellType])?

  let scratchSchema = ["temp"]
  let hasNaN = false
  var version: String { String(cString: sqlite3_libversion()) }

  init(_ url: DatabaseURL, path: FilePath, _ access: DatabaseURL.Access) throws {
    guard try FileStatus.find(path)?.kind == .file else {
      throw DatabaseError(.notFound, "\(url)", reason: "no such file")
    }
    if let problem = opz_sqlite_load() {
      throw DatabaseError(
        .notFound, "\(url)", reason: String(cString: problem), hint: "install SQLite: apt-get install libsqlite3-0")
    }
    var handle: OpaquePointer?
    let flags = access == .read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE
    let result = path.withPlatformString { sqlite3_open_v2($0, &handle, flags, nil) }
    guard result == SQLITE_OK, let handle else {
      let reason = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
      sqlite3_close_v2(handle)
      throw DatabaseError(.notConnected, "\(url)", reason: "SQLite cannot open it: \(reason)")
    }
    self.handle = handle
    self.url = url
    // Another program may be writing.
    _ = sqlite3_busy_timeout(handle, 10_000)
    // What views of the file may call is up to whoever made it.
    try run("PRAGMA trusted_schema = OFF")
  }

  deinit {
    abandonWriting()
    sqlite3_close_v2(handle)
  }

  func run(_ statement: String) throws { try forEachRow(of: statement) { _ in } }

  func insert(_ rows: [[DatabaseCell]], into table: String) throws {
    guard let width = rows.first?.count else { return }
    let marks = repeatElement("?", count: width).joined(separator: ", ")
    let statement = try prepare("INSERT INTO \(table) VALUES (\(marks))")
    defer { sqlite3_finalize(statement) }
    for row in rows {
      for (index, cell) in row.enumerated() {
        let place = Int32(index + 1)
        let result =
          switch cell {
          case .missing: sqlite3_bind_null(statement, place)
          case .number(let number): sqlite3_bind_double(statement, place, number)
          case .text(let text): opz_sqlite_bind(statement, place, text, Int32(clamping: text.utf8.count))
          }
        guard result == SQLITE_OK else { throw failure() }
      }
      guard sqlite3_step(statement) == SQLITE_DONE else { throw failure() }
      _ = sqlite3_reset(statement)
    }
  }

  func forEachRow(of query: String, _ body: ([String?]) throws -> Void) throws {
    let statement = try prepare(query)
    defer { sqlite3_finalize(statement) }
    let columns = sqlite3_column_count(statement)
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW: try body((0..<columns).map { SQLiteConnection.cell(statement, $0) })
      case SQLITE_DONE: return
      default: throw failure()
      }
    }
  }

  private static func cell(_ statement: OpaquePointer, _ column: Int32) -> String? {
    switch sqlite3_column_type(statement, column) {
    case SQLITE_NULL: return nil
    // SQLite's own text of a number has 15 digits.
    case SQLITE_FLOAT: return "\(sqlite3_column_double(statement, column))"
    case SQLITE_INTEGER: return "\(sqlite3_column_int64(statement, column))"
    default:
      guard let text = sqlite3_column_text(statement, column) else { return nil }
      let count = Int(sqlite3_column_bytes(statement, column))
      return String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
    }
  }

  func prepare(_ sql: String) throws -> OpaquePointer {
    var statement: OpaquePointer?
    guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK, let statement else { throw failure() }
    return statement
  }

  func failure() -> DatabaseError {
    let code: DatabaseErrorCode =
      switch sqlite3_errcode(handle) & 0xff {
      case SQLITE_BUSY, SQLITE_LOCKED: .busy
      case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH: .forbidden
      default: .refused
      }
    return DatabaseError(
      code, "\(url)", reason: "SQLite: \(url.without(secrets: String(cString: sqlite3_errmsg(handle))))")
  }
}
