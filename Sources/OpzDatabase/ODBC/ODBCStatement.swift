internal import CODBC
import OpzIO

/// A column of a result, as the driver describes it. None of it is trusted.
struct ODBCColumn {
  /// How its cells are fetched.
  enum Form { case float64, integer, text }

  let name: String
  /// `OPZ_SQL_DOUBLE`, ..
  let type: Int
  /// Characters of a text, digits of a number; 0 where it is not known.
  let size: Int
  /// Digits behind the point.
  let digits: Int
  let isUnsigned: Bool

  /// Whether it is float32 or float64.
  var isFloat: Bool { [OPZ_SQL_REAL, OPZ_SQL_FLOAT, OPZ_SQL_DOUBLE].contains(type) }
}

/// A statement, and the columns of its result.
final class ODBCStatement {
  let handle: ODBCHandle
  private unowned let connection: ODBCConnection

  /// - Throws: `DatabaseError.lost` where there is no connection any more.
  init(_ connection: ODBCConnection) throws {
    guard let handle = ODBCHandle(OPZ_SQL_HANDLE_STMT, of: connection.handle) else {
      throw connection.failure(connection.handle)
    }
    self.connection = connection
    self.handle = handle
  }

  /// Prepares a statement, which is not run.
  func prepare(_ text: String) throws {
    try check(with(text) { SQLPrepareW(handle.raw, $0, $1) })
  }

  /// Runs a statement.
  func run(_ text: String) throws {
    // A statement that changes no row has no data.
    try check(with(text) { SQLExecDirectW(handle.raw, $0, $1) }, mayBeEmpty: true)
  }

  /// Runs the statement that was prepared.
  func run() throws { try check(SQLExecute(handle.raw), mayBeEmpty: true) }

  /// Runs the statement that was prepared for each row of its parameters.
  /// - Throws: `DatabaseError` also where the driver ran it and a row failed, which it says as a warning.
  func run(rows: Int) throws {
    let statuses = UnsafeMutablePointer<SQLUSMALLINT>.allocate(capacity: rows)
    let processed = UnsafeMutablePointer<SQLULEN>.allocate(capacity: 1)
    statuses.initialize(repeating: 0, count: rows)
    // A driver that does not count leaves it.
    processed.initialize(to: SQLULEN(rows))
    defer {
      for attribute in [OPZ_SQL_ATTR_PARAM_STATUS_PTR, OPZ_SQL_ATTR_PARAMS_PROCESSED_PTR] {
        try? set(attribute, nil)
      }
      statuses.deallocate()
      processed.deallocate()
    }
    try set(OPZ_SQL_ATTR_PARAM_STATUS_PTR, statuses)
    try set(OPZ_SQL_ATTR_PARAMS_PROCESSED_PTR, processed)
    try run()
    // 0 is success, 6 success with a remark, 1 that the driver does not tell rows apart.
    let isWhole = (0..<rows).allSatisfy { [0, 1, 6].contains(statuses[$0]) }
    guard isWhole, processed.pointee == SQLULEN(rows) else { throw connection.failure(handle) }
  }

  private func with(_ text: String, _ body: (UnsafePointer<SQLWCHAR>?, SQLINTEGER) -> SQLRETURN) throws -> SQLRETURN {
    let units = Array(text.utf16) + [0]
    guard let length = SQLINTEGER(exactly: units.count - 1) else {
      throw DatabaseError(.refused, "\(connection.url)", reason: "the statement is longer than 2 GB")
    }
    return units.withUnsafeBufferPointer { body($0.baseAddress, length) }
  }

  func check(_ result: SQLRETURN, mayBeEmpty: Bool = false) throws {
    let isGood = result == OPZ_SQL_SUCCESS || result == OPZ_SQL_SUCCESS_WITH_INFO
    guard isGood || mayBeEmpty && result == OPZ_SQL_NO_DATA else { throw connection.failure(handle) }
  }

  /// How many rows the statement changed; 0 where the driver does not say.
  func changedRows() throws -> Int {
    var count: SQLLEN = 0
    try check(SQLRowCount(handle.raw, &count))
    return max(0, count)
  }

  func set(_ attribute: Int, _ value: UnsafeMutableRawPointer?) throws {
    try check(SQLSetStmtAttrW(handle.raw, SQLINTEGER(attribute), value, 0))
  }

  /// The columns of the result; none for a statement that has none.
  func columns() throws -> [ODBCColumn] {
    var count: SQLSMALLINT = 0
    try check(SQLNumResultCols(handle.raw, &count))
    guard count > 0 else { return [] }
    return try (1...SQLUSMALLINT(count)).map(column)
  }

  private func column(_ number: SQLUSMALLINT) throws -> ODBCColumn {
    var name = [SQLWCHAR](repeating: 0, count: 1025)
    var (length, type, digits, nullable): (SQLSMALLINT, SQLSMALLINT, SQLSMALLINT, SQLSMALLINT) = (0, 0, 0, 0)
    var size: SQLULEN = 0
    try check(
      SQLDescribeColW(
        handle.raw, number, &name, SQLSMALLINT(name.count), &length, &type, &size, &digits, &nullable))
    guard length >= 0, Int(length) < name.count else { throw CellCursor.damaged() }
    var isUnsigned: SQLLEN = 0
    if Int(type) == OPZ_SQL_BIGINT || Int(type) == OPZ_SQL_INTEGER || Int(type) == OPZ_SQL_SMALLINT
      || Int(type) == OPZ_SQL_TINYINT
    {
      _ = SQLColAttributeW(handle.raw, number, SQLUSMALLINT(OPZ_SQL_DESC_UNSIGNED), nil, 0, nil, &isUnsigned)
    }
    return ODBCColumn(
      name: String(decoding: name.prefix(Int(length)), as: UTF16.self), type: Int(type), size: Int(clamping: size),
      digits: Int(digits), isUnsigned: isUnsigned != 0)
  }
}
