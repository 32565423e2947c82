internal import CODBC

/// Writes rows as arrays of a prepared statement's parameters, as many at once as fit some memory.
final class ODBCParameters {
  /// What is sent for a parameter.
  enum Form { case float64, integer, text }

  private let statement: ODBCStatement
  private let most: Int
  private var columns: [Column]
  private(set) var count = 0

  /// Rows that are sent at once, and UTF-16 units of their texts.
  private static let mostRows = 1000
  private static let mostUnits = 4 << 20

  /// The values of a parameter.
  private struct Column {
    let form: Form
    var numbers: [UInt64] = []
    var texts: [[SQLWCHAR]] = []
    var longest = 0
    var lengths: [SQLLEN] = []
  }

  /// - Parameter forms: of the parameters of a statement.
  init(_ connection: ODBCConnection, _ text: String, as forms: [Form]) throws {
    statement = try ODBCStatement(connection)
    // Where the server has no arrays, the driver would run the statement for each row and go on after one that failed.
    most = connection.dialectName == "mariadb" ? ODBCParameters.mostRows : 1
    try statement.prepare(text)
    columns = forms.map { Column(form: $0) }
  }

  // MARK: A row

  func addNull(_ column: Int) {
    columns[column].lengths.append(SQLLEN(OPZ_SQL_NULL_DATA))
    if columns[column].form == .text { columns[column].texts.append([]) } else { columns[column].numbers.append(0) }
  }

  func add(_ number: Double, _ column: Int) { add(bits: number.bitPattern, column) }
  func add(_ number: Int64, _ column: Int) { add(bits: UInt64(bitPattern: number), column) }

  private func add(bits: UInt64, _ column: Int) {
    columns[column].numbers.append(bits)
    columns[column].lengths.append(8)
  }

  func add(_ text: String, _ column: Int) {
    let units = Array(text.utf16)
    columns[column].lengths.append(units.count * 2)
    columns[column].longest = max(columns[column].longest, units.count)
    columns[column].texts.append(units)
  }

  /// Ends a row. Rows are sent when there are many.
  func endRow() throws {
    // One row with a long text would make all that wait as long.
    if count > 0, units(of: count + 1) >= 2 * ODBCParameters.mostUnits { try send(count) }
    count += 1
    if count >= most || units(of: count) >= ODBCParameters.mostUnits { try send(count) }
  }

  /// UTF-16 units that the first rows take together.
  private func units(of rows: Int) -> Int {
    columns.reduce(0) { $0 + ($1.form == .text ? $1.longest + 1 : 4) } * rows
  }

  // MARK: Sending

  /// Sends the rows that wait.
  func send() throws { try send(count) }

  /// Sends the first rows.
  private func send(_ rows: Int) throws {
    guard rows > 0 else { return }
    let spaces = columns.map { Space($0, rows: rows) }
    defer { for space in spaces { space.cells.deallocate() } }
    try statement.set(OPZ_SQL_ATTR_PARAMSET_SIZE, UnsafeMutableRawPointer(bitPattern: rows))
    for (index, space) in spaces.enumerated() {
      let column = columns[index]
      try statement.check(
        SQLBindParameter(
          statement.handle.raw, SQLUSMALLINT(index + 1), 1, ODBCParameters.type(column.form),
          ODBCParameters.columnType(column.form), column.form == .text ? SQLULEN(max(1, space.longest)) : 0, 0,
          space.cells, space.stride, space.lengths))
    }
    try statement.run(rows: rows)
    for index in columns.indices {
      if columns[index].form == .text {
        columns[index].texts.removeFirst(rows)
      } else {
        columns[index].numbers.removeFirst(rows)
      }
      columns[index].lengths.removeFirst(rows)
      columns[index].longest = columns[index].texts.reduce(0) { max($0, $1.count) }
    }
    count -= rows
  }

  /// A column's values as the driver reads them when the statement runs, and behind them their lengths.
  private struct Space {
    let cells: UnsafeMutableRawPointer
    let stride: Int
    /// UTF-16 units of the longest text.
    let longest: Int
    let lengths: UnsafeMutablePointer<SQLLEN>

    init(_ column: Column, rows: Int) {
      longest = column.texts.prefix(rows).reduce(0) { max($0, $1.count) }
      stride = column.form == .text ? ((longest + 1) * 2 + 7) & ~7 : 8
      cells = .allocate(byteCount: (stride + 8) * rows, alignment: 8)
      lengths = (cells + stride * rows).bindMemory(to: SQLLEN.self, capacity: rows)
      for row in 0..<rows {
        lengths[row] = column.lengths[row]
        guard column.form == .text else {
          (cells + row * 8).storeBytes(of: column.numbers[row], as: UInt64.self)
          continue
        }
        column.texts[row].withUnsafeBytes { bytes in
          guard let start = bytes.baseAddress else { return }
          (cells + row * stride).copyMemory(from: start, byteCount: bytes.count)
        }
      }
    }
  }

  private static func type(_ form: Form) -> SQLSMALLINT {
    switch form {
    case .float64: SQLSMALLINT(OPZ_SQL_C_DOUBLE)
    case .integer: SQLSMALLINT(OPZ_SQL_C_SBIGINT)
    case .text: SQLSMALLINT(OPZ_SQL_C_WCHAR)
    }
  }

  private static func columnType(_ form: Form) -> SQLSMALLINT {
    switch form {
    case .float64: SQLSMALLINT(OPZ_SQL_DOUBLE)
    case .integer: SQLSMALLINT(OPZ_SQL_BIGINT)
    case .text: SQLSMALLINT(OPZ_SQL_WVARCHAR)
    }
  }
}
