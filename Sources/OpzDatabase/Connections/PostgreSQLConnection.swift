internal import CPostgres
import OpzIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// PostgreSQL by libpq, which reads PGPASSFILE, PGSERVICE and the other variables of its manual itself.
final class PostgreSQLConnection: DatabaseConnection {
  let handle: OpaquePointer
  let url: DatabaseURL

  let scratchSchema = ["pg_temp"]
  let hasNaN = true
  let version: String

  init(_ url: DatabaseURL) throws {
    if let problem = opz_postgres_load() {
      throw DatabaseError(
        .notFound, "\(url)", reason: String(cString: problem),
        hint: "install PostgreSQL's client library: apt-get install libpq5"
      )
    }
    let settings = [
      ("dbname", url.target), ("fallback_application_name", "opz"), ("client_encoding", "UTF8"),
    ]
    let handle = PostgreSQLConnection.connect(settings)
    guard let handle, PQstatus(handle) == OPZ_PG_CONNECTION_OK else {
      let reason = handle.map { url.without(secrets: String(cString: PQerrorMessage($0))) } ?? "out of memory"
      if let handle { PQfinish(handle) }
      throw DatabaseError(
        .notConnected, "\(url)", reason: reason,
        hint: "passwords come from ~/.pgpass or PGPASSFILE, or from OPZ_DATABASE")
    }
    opz_postgres_quiet(handle)
    version = PQparameterStatus(handle, "server_version").map { String(cString: $0) } ?? ""
    self.handle = handle
    self.url = url
    // A role may have a setting of its own, with which numbers do not read back as they were.
    try run("SET extra_float_digits = 1")
    // With off, a backslash in a text would be the beginning of something else.
    try run("SET standard_conforming_strings = on")
  }

  deinit { PQfinish(handle) }

  private static func connect(_ settings: [(name: String, value: String)]) -> OpaquePointer? {
    let texts = settings.map { (strdup($0.name), strdup($0.value)) }
    defer {
      for (name, value) in texts {
        free(name)
        free(value)
      }
    }
    let names = texts.map { UnsafePointer($0.0) } + [nil]
    let values = texts.map { UnsafePointer($0.1) } + [nil]
    return PQconnectdbParams(names, values, 1)
  }

  func run(_ statement: String) throws { try forEachRow(of: statement) { _ in } }

  func insert(_ rows: [[DatabaseCell]], into table: String) throws {
    let result = PQexec(handle, "COPY \(table) FROM STDIN")
    let status = Int(PQresultStatus(result))
    defer { PQclear(result) }
    guard status == OPZ_PG_COPY_IN else { throw failure(result) }
    var buffer: [UInt8] = []
    for row in rows {
      for (index, cell) in row.enumerated() {
        if index > 0 { buffer.append(9) }
        PostgreSQLConnection.write(cell, to: &buffer)
      }
      buffer.append(10)
      if buffer.count > 1 << 16 { try send(&buffer) }
    }
    try send(&buffer)
    guard PQputCopyEnd(handle, nil) == 1 else { throw failure(nil) }
    try finish()
  }

  /// The text format of COPY: a backslash before what has a meaning.
  private static func write(_ cell: DatabaseCell, to buffer: inout [UInt8]) {
    switch cell {
    case .missing: buffer += Array("\\N".utf8)
    case .number(let number): buffer += Array(DatabaseCell.digits(number).utf8)
    case .text(let text):
      for byte in text.utf8 {
        switch byte {
        case 10: buffer += Array("\\n".utf8)
        case 13: buffer += Array("\\r".utf8)
        case 9: buffer += Array("\\t".utf8)
        case UInt8(ascii: "\\"): buffer += Array("\\\\".utf8)
        default: buffer.append(byte)
        }
      }
    }
  }

  private func send(_ buffer: inout [UInt8]) throws {
    guard !buffer.isEmpty else { return }
    let result = buffer.withUnsafeBytes { bytes in
      PQputCopyData(handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: bytes.count))
    }
    guard result == 1 else { throw failure(nil) }
    buffer.removeAll(keepingCapacity: true)
  }

  func forEachRow(of query: String, _ body: ([String?]) throws -> Void) throws {
    guard PQsendQuery(handle, query) == 1 else { throw failure(nil) }
    // One row at a time: else libpq holds them all.
    _ = PQsetSingleRowMode(handle)
    do {
      while let result = PQgetResult(handle) {
        defer { PQclear(result) }
        switch Int(PQresultStatus(result)) {
        case OPZ_PG_SINGLE_TUPLE: try body(PostgreSQLConnection.row(result))
        case OPZ_PG_TUPLES_OK, OPZ_PG_COMMAND_OK: break
        default: throw failure(result)
        }
      }
    } catch {
      // The connection takes the next statement when this one's results are read.
      while let rest = PQgetResult(handle) { PQclear(rest) }
      throw error
    }
  }

  func finish() throws {
    var problem: DatabaseError?
    while let result = PQgetResult(handle) {
      if Int(PQresultStatus(result)) != OPZ_PG_COMMAND_OK { problem = problem ?? failure(result) }
      PQclear(result)
    }
    if let problem { throw problem }
  }

  private static func row(_ result: OpaquePointer) -> [String?] {
    (0..<PQnfields(result)).map { column in
      guard PQgetisnull(result, 0, column) == 0, let value = PQgetvalue(result, 0, column) else { return nil }
      let bytes = UnsafeRawBufferPointer(start: value, count: Int(PQgetlength(result, 0, column)))
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  func failure(_ result: OpaquePointer?) -> DatabaseError {
    let text = result.map { String(cString: PQresultErrorMessage($0)) } ?? String(cString: PQerrorMessage(handle))
    let state = result.flatMap { PQresultErrorField($0, Int32(OPZ_PG_DIAG_SQLSTATE)) }.map { String(cString: $0) } ?? ""
    return DatabaseError(
      PostgreSQLConnection.code(state, isLost: PQstatus(handle) != OPZ_PG_CONNECTION_OK), "\(url)",
      reason: "PostgreSQL: \(url.without(secrets: text))")
  }

  /// What PostgreSQL's code of an error (SQLSTATE) means.
  private static func code(_ state: String, isLost: Bool) -> DatabaseErrorCode {
    if isLost { return .lost }
    return switch state {
    case "42501": .forbidden
    // A lock was not granted in time, or two transactions waited for one another.
    case "55P03", "40P01": .busy
    // The server ends: its last word comes before the end of the connection.
    case "57P01", "57P02", "57P03": .lost
    default: .refused
    }
  }
}
