internal import CPostgres
import OpzIO

extension PostgreSQLConnection: BulkConnection {
  func columns(of query: String) throws -> [QueryColumn] {
    let prepared = PQprepare(handle, "", query, 0, nil)
    defer { PQclear(prepared) }
    guard Int(PQresultStatus(prepared)) == OPZ_PG_COMMAND_OK else { throw failure(prepared) }
    let described = PQdescribePrepared(handle, "")
    defer { PQclear(described) }
    guard Int(PQresultStatus(described)) == OPZ_PG_COMMAND_OK, let described else { throw failure(described) }
    let types = (0..<PQnfields(described)).map { PQftype(described, $0) }
    let names = (0..<PQnfields(described)).map { PQfname(described, $0).map { String(cString: $0) } ?? "" }
    guard !names.isEmpty else {
      throw DatabaseError(.refused, "\(url)", reason: "the statement has no columns", hint: "write a SELECT")
    }
    let list = types.map { "\($0)" }.joined(separator: ",")
    let typeNames = try firstColumn(
      of: "SELECT pg_catalog.format_type(t, NULL) FROM unnest('{\(list)}'::oid[]) WITH ORDINALITY u (t, n) ORDER BY n")
    return names.indices.map { index in
      let typeName = typeNames.count == names.count ? typeNames[index] : ""
      return QueryColumn(
        name: names[index], type: PostgreSQLConnection.type(types[index]) ?? .other(typeName), typeName: typeName)
    }
  }

  /// The type of an object identifier, which are the same in every database.
  private static func type(_ identifier: UInt32) -> CellType? {
    switch identifier {
    case 16: .bool
    case 20: .int64
    case 21: .int16
    case 23: .int32
    case 25, 1043: .text
    case 700: .float32
    case 701: .float64
    case 1082: .date
    case 1114: .timestamp
    case 1184: .timestampTZ
    case 2950: .uuid
    default: nil
    }
  }

  func change(_ statement: String) throws -> Int {
    let result = PQexec(handle, statement)
    defer { PQclear(result) }
    let status = Int(PQresultStatus(result))
    guard status == OPZ_PG_COMMAND_OK || status == OPZ_PG_TUPLES_OK, let result else { throw failure(result) }
    return PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
  }

  // MARK: Reading

  /// What stands before the first row: a signature, 32 bits of flags, and the length of an extension.
  private static let signature = Array("PGCOPY\n".utf8) + [0xff, 13, 10, 0]

  func read(
    _ query: String, types: [CellType], size: Int, limit: Int, _ take: (RowBytes) throws -> Void
  ) throws {
    let result = PQexec(handle, "COPY (\(query)\n) TO STDOUT (FORMAT binary)")
    let status = Int(PQresultStatus(result))
    defer { PQclear(result) }
    guard status == OPZ_PG_COPY_OUT else { throw failure(result) }
    var rows = RowBytes()
    rows.reserve(size + 4096)
    var isFirst = true
    while true {
      var data: UnsafeMutablePointer<CChar>?
      let count = PQgetCopyData(handle, &data, 0)
      guard count > 0, let data else {
        guard count == -1 else { throw failure(nil) }
        break
      }
      defer { PQfreemem(data) }
      var bytes = UnsafeRawBufferPointer(start: data, count: Int(count))
      if isFirst {
        bytes = try PostgreSQLConnection.withoutHeader(bytes)
        isFirst = false
      }
      // The end is a row of -1 fields.
      guard bytes.count > 2 else { continue }
      rows.append(row: bytes)
      if rows.bytes.count >= size || rows.count >= limit {
        try take(rows)
        rows = RowBytes()
        rows.reserve(size + 4096)
      }
    }
    try finish()
    if rows.count > 0 { try take(rows) }
  }

  private static func withoutHeader(_ bytes: UnsafeRawBufferPointer) throws -> UnsafeRawBufferPointer {
    guard bytes.count >= 19, bytes.prefix(11).elementsEqual(signature) else { throw CellCursor.damaged() }
    let flags = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 11, as: UInt32.self))
    let length = Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 15, as: UInt32.self)))
    // The upper half of the flags changes the format.
    guard flags >> 16 == 0, length <= bytes.count - 19 else { throw CellCursor.damaged() }
    return UnsafeRawBufferPointer(rebasing: bytes[(19 + length)...])
  }

  // MARK: Writing

  func beginWriting(_ target: BulkTarget) throws {
    let result = PQexec(handle, target.statement)
    let status = Int(PQresultStatus(result))
    defer { PQclear(result) }
    guard status == OPZ_PG_COPY_IN else { throw failure(result) }
    try put(PostgreSQLConnection.signature + [0, 0, 0, 0, 0, 0, 0, 0])
  }

  func write(_ rows: RowBytes) throws { try put(rows.bytes) }

  func endWriting() throws {
    try put([0xff, 0xff])
    guard PQputCopyEnd(handle, nil) == 1 else { throw failure(nil) }
    try finish()
  }

  func abandonWriting() {
    guard PQputCopyEnd(handle, "abandoned") == 1 else { return }
    try? finish()
  }

  private func put(_ bytes: [UInt8]) throws {
    let result = bytes.withUnsafeBytes { bytes in
      PQputCopyData(handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: bytes.count))
    }
    guard result == 1 else {
      // The server says why in its answer.
      abandonWriting()
      throw failure(nil)
    }
  }
}
