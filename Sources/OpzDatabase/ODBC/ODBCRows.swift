internal import CODBC

/// Reads the rows of a result in blocks: a column of the driver's own type after the other, in buffers that were given to
/// the driver. Where a text has no length that fits a buffer, cells are asked for one by one.
final class ODBCRows {
  private let statement: ODBCStatement
  private let columns: [ODBCColumn]
  private var buffers: [Buffer]
  /// Rows of a block.
  private let capacity: Int
  /// Whether the driver writes into the buffers.
  private let isBound: Bool
  private let fetched: UnsafeMutablePointer<SQLULEN>

  /// Texts up to so many UTF-16 units are written into buffers.
  private static let boundUnits = 512
  /// Bytes of all buffers, about.
  private static let blockBytes = 1 << 20
  /// UTF-16 units of the longest text that is taken.
  private static let longest = 64 << 20

  /// A column's cells of a block.
  private final class Buffer {
    let form: ODBCColumn.Form
    /// Bytes from one cell to the next.
    let stride: Int
    let cells: UnsafeMutableRawPointer
    let lengths: UnsafeMutablePointer<SQLLEN>
    /// A text that was asked for.
    var text: [SQLWCHAR] = []

    init(_ form: ODBCColumn.Form, stride: Int, capacity: Int) {
      self.form = form
      self.stride = stride
      cells = .allocate(byteCount: stride * capacity, alignment: 8)
      lengths = .allocate(capacity: capacity)
      lengths.initialize(repeating: SQLLEN(OPZ_SQL_NULL_DATA), count: capacity)
    }

    deinit {
      cells.deallocate()
      lengths.deallocate()
    }
  }

  /// - Parameters:
  ///   - statement: that was run.
  ///   - columns: of its result.
  ///   - forms: how their cells are fetched.
  init(_ statement: ODBCStatement, _ columns: [ODBCColumn], as forms: [ODBCColumn.Form]) throws {
    self.statement = statement
    self.columns = columns
    // Two units for each character, and one for the end.
    let strides = zip(columns, forms).map { column, form in
      form == .text ? ((min(max(column.size, 40), ODBCRows.boundUnits) * 2 + 1) * 2 + 7) & ~7 : 8
    }
    let isBound = zip(columns, forms).allSatisfy { column, form in
      form != .text || (1...ODBCRows.boundUnits).contains(column.size)
    }
    let width = strides.reduce(8 * strides.count) { $0 + $1 }
    capacity = isBound ? min(max(ODBCRows.blockBytes / max(width, 1), 1), 1000) : 1
    self.isBound = isBound
    buffers = zip(strides, forms).map { [capacity] in Buffer($1, stride: $0, capacity: capacity) }
    fetched = .allocate(capacity: 1)
    fetched.initialize(to: 0)
    try statement.set(OPZ_SQL_ATTR_ROW_ARRAY_SIZE, UnsafeMutableRawPointer(bitPattern: capacity))
    try statement.set(OPZ_SQL_ATTR_ROWS_FETCHED_PTR, UnsafeMutableRawPointer(fetched))
    if isBound { try bind() }
  }

  deinit { fetched.deallocate() }

  private func bind() throws {
    for (index, buffer) in buffers.enumerated() {
      try statement.check(
        SQLBindCol(
          statement.handle.raw, SQLUSMALLINT(index + 1), ODBCRows.type(buffer.form), buffer.cells, buffer.stride,
          buffer.lengths))
    }
  }

  private static func type(_ form: ODBCColumn.Form) -> SQLSMALLINT {
    switch form {
    case .float64: SQLSMALLINT(OPZ_SQL_C_DOUBLE)
    case .integer: SQLSMALLINT(OPZ_SQL_C_SBIGINT)
    case .text: SQLSMALLINT(OPZ_SQL_C_WCHAR)
    }
  }

  /// Reads the next block.
  /// - Returns: the number of its rows; 0 at the end.
  func next() throws -> Int {
    let result = SQLFetch(statement.handle.raw)
    if result == OPZ_SQL_NO_DATA { return 0 }
    try statement.check(result)
    guard isBound else {
      for index in buffers.indices { try ask(for: index) }
      return 1
    }
    let count = Int(clamping: fetched.pointee)
    guard (1...capacity).contains(count) else { throw CellCursor.damaged() }
    return count
  }

  /// Asks for a cell of the row, piece by piece.
  private func ask(for index: Int) throws {
    let buffer = buffers[index]
    buffer.text.removeAll(keepingCapacity: true)
    while true {
      var length: SQLLEN = 0
      let result = SQLGetData(
        statement.handle.raw, SQLUSMALLINT(index + 1), ODBCRows.type(buffer.form), buffer.cells, buffer.stride, &length)
      // The piece before was the last one.
      if result == OPZ_SQL_NO_DATA { break }
      try statement.check(result)
      buffer.lengths[0] = length
      guard buffer.form == .text, length != OPZ_SQL_NULL_DATA else { return }
      let room = buffer.stride / 2 - 1
      let isWhole = length >= 0 && length / 2 <= room
      let units = buffer.cells.assumingMemoryBound(to: SQLWCHAR.self)
      buffer.text += UnsafeBufferPointer(start: units, count: isWhole ? length / 2 : room)
      guard buffer.text.count <= ODBCRows.longest else { throw CellCursor.damaged() }
      if isWhole { break }
      guard length >= 0 || length == OPZ_SQL_NO_TOTAL else { throw CellCursor.damaged() }
    }
    buffer.lengths[0] = buffer.text.count * 2
  }

  // MARK: Cells

  func isNull(_ row: Int, _ column: Int) -> Bool { buffers[column].lengths[row] == OPZ_SQL_NULL_DATA }

  func float64(_ row: Int, _ column: Int) -> Double {
    buffers[column].cells.loadUnaligned(fromByteOffset: row * 8, as: Double.self)
  }

  func integer(_ row: Int, _ column: Int) -> Int64 {
    buffers[column].cells.loadUnaligned(fromByteOffset: row * 8, as: Int64.self)
  }

  func text(_ row: Int, _ column: Int) throws -> String {
    let buffer = buffers[column]
    guard isBound else { return String(decoding: buffer.text, as: UTF16.self) }
    let length = buffer.lengths[row]
    // A longer text than the driver said the column has is cut.
    guard length >= 0, length <= buffer.stride - 2 else { throw CellCursor.damaged() }
    let start = (buffer.cells + row * buffer.stride).assumingMemoryBound(to: SQLWCHAR.self)
    return String(decoding: UnsafeBufferPointer(start: start, count: length / 2), as: UTF16.self)
  }
}
