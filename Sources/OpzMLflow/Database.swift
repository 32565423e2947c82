internal import CSQLite
import OpzIO
import OpzJSON
import OpzOCI
import SystemPackage

/// A SQLite database, opened read-only.
final class Database {
  typealias Row = [String: JSONValue]

  private let handle: OpaquePointer
  private let path: FilePath

  /// Maximum bytes of a text or row; MLflow's longest column has 16 KiB.
  private static let limit: Int32 = 4 << 20

  init(_ path: FilePath) throws {
    guard try FileStatus.find(path)?.kind == .file else {
      throw MLflowError(
        .notFound, path.string, reason: "no such file",
        hint: "name the file of MLflow's SQLite store: mlflow.db, sqlite:///mlflow.db")
    }
    try SQLiteLibrary.load(for: path.string)
    var handle: OpaquePointer?
    let result = path.withPlatformString { sqlite3_open_v2($0, &handle, SQLITE_OPEN_READONLY, nil) }
    guard result == SQLITE_OK, let handle else {
      let reason = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
      sqlite3_close_v2(handle)
      throw MLflowError(.notAStore, path.string, reason: "SQLite cannot open it: \(reason)")
    }
    self.handle = handle
    self.path = path
    _ = sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, Database.limit)
    // A tracking server may be writing.
    _ = sqlite3_busy_timeout(handle, 10_000)
  }

  deinit { sqlite3_close_v2(handle) }

  /// The rows of a query, by column name, because the columns depend on the store's version.
  func rows(_ sql: String, _ parameters: String...) throws -> [Row] {
    var statement: OpaquePointer?
    guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK, let statement else { throw failure() }
    defer { sqlite3_finalize(statement) }
    for (index, text) in parameters.enumerated() {
      let count = Int32(clamping: text.utf8.count)
      guard opz_sqlite_bind(statement, Int32(index + 1), text, count) == SQLITE_OK else { throw failure() }
    }
    let columns = (0..<sqlite3_column_count(statement)).map { index in
      (index, sqlite3_column_name(statement, index).map { String(cString: $0) } ?? "")
    }
    var rows: [Row] = []
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW:
        rows.append(Row(columns.map { ($0.1, Database.value(statement, $0.0)) }, uniquingKeysWith: { one, _ in one }))
      case SQLITE_DONE: return rows
      default: throw failure()
      }
    }
  }

  /// The names of the tables. Views are excluded: what they compute is up to whoever made the file.
  func tables() throws -> Set<String> {
    Set(try rows("SELECT name FROM sqlite_master WHERE type = 'table'").compactMap { $0["name"]?.text })
  }

  private static func value(_ statement: OpaquePointer, _ column: Int32) -> JSONValue {
    switch sqlite3_column_type(statement, column) {
    case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, column))
    case SQLITE_FLOAT: return .number(sqlite3_column_double(statement, column))
    case SQLITE_NULL: return .null
    default:
      guard let text = sqlite3_column_text(statement, column) else { return .null }
      let count = Int(sqlite3_column_bytes(statement, column))
      return .string(String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self))
    }
  }

  private func failure() -> MLflowError {
    MLflowError(
      .notAStore, path.string, reason: "SQLite: \(String(cString: sqlite3_errmsg(handle)))",
      hint: "opz reads the SQLite store of MLflow; for another database, copy it with MLflow's own tools first")
  }
}

extension JSONValue {
  /// A text; nil for an empty text or another type.
  var text: String? { if case .string(let text) = self, !text.isEmpty { text } else { nil } }

  var integer: Int64? { if case .integer(let value) = self { value } else { nil } }

  var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}
