internal import CODBC
import OpzIO

extension ODBCConnection: BulkConnection {
  func columns(of query: String) throws -> [QueryColumn] {
    var columns = try described(query)
    // MariaDB describes no columns of VALUES alone; what is no query is none of a table either.
    if columns.isEmpty { columns = try described("SELECT * FROM (\(query)\n) AS opz_columns") }
    guard !columns.isEmpty else {
      throw DatabaseError(.refused, "\(url)", reason: "the statement has no columns", hint: "write a SELECT")
    }
    return columns.map { QueryColumn(name: $0.name, type: $0.cellType, typeName: $0.typeName) }
  }

  private func described(_ query: String) throws -> [ODBCColumn] {
    let statement = try ODBCStatement(self)
    try statement.prepare(query)
    return try statement.columns()
  }

  func change(_ statement: String) throws -> Int {
    let own = try ODBCStatement(self)
    try own.run(statement)
    return try own.changedRows()
  }

  // MARK: Reading

  func read(
    _ query: String, types: [CellType], size: Int, limit: Int, _ take: (RowBytes) throws -> Void
  ) throws {
    let statement = try ODBCStatement(self)
    try statement.run(query)
    let columns = try statement.columns()
    guard columns.count == types.count, types.count <= Int(Int16.max) else { throw CellCursor.damaged() }
    let cells = try ODBCRows(statement, columns, as: types.map(ODBCConnection.form))
    var rows = RowBytes()
    rows.reserve(size + 4096)
    while case let count = try cells.next(), count > 0 {
      for row in 0..<count {
        rows.beginRow(fields: types.count)
        for (column, type) in types.enumerated() {
          // The driver gives an unsigned number from 2^63 on as a negative one.
          if type == .int64, columns[column].isUnsigned, !cells.isNull(row, column), cells.integer(row, column) < 0 {
            throw DatabaseError(
              .refused, "the column \(columns[column].name)", reason: "it has a number of 2^63 or more",
              hint: "cast it in the query: CAST(.. AS DOUBLE) for an input, CAST(.. AS CHAR) for a key")
          }
          try ODBCConnection.add(cells, row: row, column: column, as: type, to: &rows)
        }
        if rows.bytes.count >= size || rows.count >= limit {
          try take(rows)
          rows = RowBytes()
          rows.reserve(size + 4096)
        }
      }
    }
    if rows.count > 0 { try take(rows) }
  }

  private static func form(_ type: CellType) -> ODBCColumn.Form {
    switch type {
    case .float32, .float64: .float64
    case .int16, .int32, .int64, .bool: .integer
    case .text, .uuid, .date, .timestamp, .timestampTZ, .moment, .any, .other: .text
    }
  }

  private static func add(
    _ cells: ODBCRows, row: Int, column: Int, as type: CellType, to rows: inout RowBytes
  ) throws {
    guard !cells.isNull(row, column) else { return rows.appendNull() }
    func whole<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
      guard let number = Number(exactly: cells.integer(row, column)) else { throw CellCursor.damaged() }
      return number
    }
    switch type {
    case .float32: rows.append(field: Float(cells.float64(row, column)).bitPattern)
    case .float64: rows.append(field: cells.float64(row, column).bitPattern)
    case .int16: rows.append(field: try whole(Int16.self))
    case .int32: rows.append(field: try whole(Int32.self))
    case .int64: rows.append(field: cells.integer(row, column))
    case .bool: rows.append(field: UInt8(cells.integer(row, column) == 0 ? 0 : 1))
    case .text, .moment: rows.append(field: try cells.text(row, column).utf8)
    case .uuid, .date, .timestamp, .timestampTZ, .any, .other: throw CellCursor.damaged()
    }
  }

  // MARK: Writing

  func beginWriting(_ target: BulkTarget) throws {
    abandonWriting()
    let forms = try target.types.map { type -> ODBCParameters.Form in
      switch type {
      case .float32, .float64: .float64
      case .int16, .int32, .int64, .bool: .integer
      case .text, .moment: .text
      case .uuid, .date, .timestamp, .timestampTZ, .any, .other: throw CellCursor.damaged()
      }
    }
    writing = (try ODBCParameters(self, target.statement, as: forms), target.types)
  }

  func write(_ rows: RowBytes) throws {
    guard let writing else { return }
    try rows.bytes.withUnsafeBytes { bytes in
      var cursor = CellCursor(bytes)
      for _ in 0..<rows.count {
        guard try cursor.beginRow() == writing.types.count else { throw CellCursor.damaged() }
        for (column, type) in writing.types.enumerated() {
          guard let cell = try cursor.cell() else {
            writing.parameters.addNull(column)
            continue
          }
          try ODBCConnection.add(cell, as: type, of: cursor, to: writing.parameters, column: column)
        }
        try writing.parameters.endRow()
      }
    }
  }

  private static func add(
    _ cell: Range<Int>, as type: CellType, of cursor: CellCursor, to parameters: ODBCParameters, column: Int
  ) throws {
    switch type {
    case .float32:
      parameters.add(Double(Float(bitPattern: try cursor.integer(cell, UInt32.self))), column)
    case .float64: parameters.add(Double(bitPattern: try cursor.integer(cell, UInt64.self)), column)
    case .int16: parameters.add(Int64(try cursor.integer(cell, Int16.self)), column)
    case .int32: parameters.add(Int64(try cursor.integer(cell, Int32.self)), column)
    case .int64: parameters.add(try cursor.integer(cell, Int64.self), column)
    case .bool: parameters.add(Int64(try cursor.integer(cell, UInt8.self)), column)
    case .text, .moment: parameters.add(String(decoding: cursor.bytes(cell), as: UTF8.self), column)
    case .uuid, .date, .timestamp, .timestampTZ, .any, .other: throw CellCursor.damaged()
    }
  }

  func endWriting() throws {
    try writing?.parameters.send()
    writing = nil
  }

  func abandonWriting() { writing = nil }
}

extension ODBCColumn {
  /// The type of its cells. An unsigned whole number takes the next wider type.
  var cellType: CellType {
    switch type {
    case OPZ_SQL_BIT, OPZ_SQL_TINYINT: .int16
    case OPZ_SQL_SMALLINT: isUnsigned ? .int32 : .int16
    case OPZ_SQL_INTEGER: isUnsigned ? .int64 : .int32
    case OPZ_SQL_BIGINT: .int64
    case OPZ_SQL_REAL: .float32
    case OPZ_SQL_FLOAT, OPZ_SQL_DOUBLE: .float64
    case OPZ_SQL_CHAR, OPZ_SQL_VARCHAR, OPZ_SQL_LONGVARCHAR, OPZ_SQL_WCHAR, OPZ_SQL_WVARCHAR, OPZ_SQL_WLONGVARCHAR,
      OPZ_SQL_GUID:
      .text
    case OPZ_SQL_TYPE_DATE, OPZ_SQL_TYPE_TIMESTAMP: .moment(typeName)
    default: .other(typeName)
    }
  }

  /// As MariaDB calls it.
  var typeName: String {
    switch type {
    case OPZ_SQL_BIT: "boolean"
    case OPZ_SQL_TINYINT: "tinyint\(sign)"
    case OPZ_SQL_SMALLINT: "smallint\(sign)"
    case OPZ_SQL_INTEGER: "int\(sign)"
    case OPZ_SQL_BIGINT: "bigint\(sign)"
    case OPZ_SQL_REAL: "float"
    case OPZ_SQL_FLOAT, OPZ_SQL_DOUBLE: "double"
    case OPZ_SQL_NUMERIC, OPZ_SQL_DECIMAL: "decimal"
    case OPZ_SQL_CHAR, OPZ_SQL_WCHAR: "char(\(size))"
    case OPZ_SQL_VARCHAR, OPZ_SQL_WVARCHAR: "varchar(\(size))"
    case OPZ_SQL_LONGVARCHAR, OPZ_SQL_WLONGVARCHAR: "text"
    case OPZ_SQL_GUID: "uuid"
    case OPZ_SQL_TYPE_DATE: "date"
    case OPZ_SQL_TYPE_TIME: "time"
    case OPZ_SQL_TYPE_TIMESTAMP: digits > 0 ? "datetime(\(min(digits, 6)))" : "datetime"
    case OPZ_SQL_BINARY, OPZ_SQL_VARBINARY, OPZ_SQL_LONGVARBINARY: "binary"
    default: "type \(type)"
    }
  }

  private var sign: String { isUnsigned ? " unsigned" : "" }
}
