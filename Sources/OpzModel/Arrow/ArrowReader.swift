import OpzIO

/// Reads the messages of an Arrow stream or file ("Apache Arrow Columnar Format", Serialization and Interprocess
/// Communication): its schema, then batches of rows. A file is read as the stream that it contains; its footer is not
/// needed for that.
struct ArrowReader {
  /// A batch of rows.
  struct Batch: Sendable {
    let count: Int
    /// One for each field of the schema; nil for a column that is passed over.
    let columns: [ArrowColumn?]
  }

  private let source: any ByteSource
  let fields: [ArrowField]
  /// Whether it is a file, with a footer at its end.
  let isFile: Bool
  private var dictionaries: [Int64: ArrowColumn] = [:]

  /// The maximum bytes of a message's description and of its buffers.
  private static let headLimit = 16 << 20
  private static let bodyLimit = 512 << 20

  /// Whether a table that begins with these bytes, four or more, is Arrow's.
  static func isArrow(_ head: [UInt8]) -> Bool {
    head.starts(with: [0xff, 0xff, 0xff, 0xff]) || head.starts(with: Array("ARRO".utf8))
  }

  /// Reads up to the end of the schema.
  /// - Throws: `ModelError.badRows` for what is no table.
  init(_ source: any ByteSource) throws {
    self.source = source
    let mark = try ArrowReader.read(source, 4)
    isFile = mark == Array("ARRO".utf8)
    if isFile {
      guard try ArrowReader.read(source, 4) == Array("W1\0\0".utf8) else { throw ArrowReader.damaged() }
    }
    guard let message = try ArrowReader.message(source, mark: isFile ? nil : mark), message.kind == 1 else {
      throw ArrowReader.damaged()
    }
    fields = try ArrowReader.checked { () throws in
      guard try message.header.scalar(0, default: Int16(0)) == 0 else {
        throw ModelError(.badRows, "input", reason: "an Arrow table of big-endian numbers")
      }
      return try message.header.tables(1).map { try ArrowField($0) }
    }
  }

  /// The next batch; nil at the end.
  /// - Throws: `ModelError.badRows` for damage, and for compressed buffers.
  mutating func next() throws -> Batch? {
    while let message = try ArrowReader.message(source, mark: nil) {
      switch message.kind {
      case 2: try ArrowReader.checked { try readDictionary(message) }
      case 3:
        return try ArrowReader.checked {
          var walk = try BufferWalk(message.header, message.body)
          return Batch(count: walk.count, columns: try fields.map { try walk.column($0, dictionaries) })
        }
      default: throw ArrowReader.damaged()
      }
    }
    return nil
  }

  private mutating func readDictionary(_ message: Message) throws {
    let id: Int64 = try message.header.scalar(0, default: 0)
    guard try message.header.scalar(2, default: UInt8(0)) == 0 else {
      throw ModelError(
        .badRows, "input", reason: "a dictionary that is sent in parts", hint: "write it without delta dictionaries")
    }
    guard let data = try message.header.table(1), let field = fields.first(where: { $0.dictionary?.id == id }) else {
      throw FlatTable.Damaged()
    }
    var walk = try BufferWalk(data, message.body)
    dictionaries[id] = try walk.values(field.type)
  }

  // MARK: Messages

  private struct Message {
    let kind: UInt8
    let header: FlatTable
    let body: [UInt8]
  }

  /// - Parameter mark: the first four bytes if they were read.
  private static func message(_ source: any ByteSource, mark: [UInt8]?) throws -> Message? {
    let mark = try mark ?? read(source, 4)
    if mark.isEmpty { return nil }
    guard mark == [0xff, 0xff, 0xff, 0xff] else {
      throw ModelError(
        .badRows, "input", reason: "an Arrow table of a form that opz does not read",
        hint: "write it with Arrow 0.15 or later, as IPC stream or file")
    }
    let size = try read(source, 4).reversed().reduce(0) { $0 << 8 | Int($1) }
    if size == 0 { return nil }
    guard size <= headLimit else { throw damaged() }
    let head = try read(source, size)
    guard head.count == size else { throw damaged() }
    return try checked {
      let root = try FlatTable(root: head)
      let length: Int64 = try root.scalar(3, default: 0)
      guard length >= 0, length <= Int64(bodyLimit), let header = try root.table(2) else {
        guard length > Int64(bodyLimit) else { throw FlatTable.Damaged() }
        throw ModelError(
          .tooLarge, "input", reason: "a batch of \(length) bytes",
          hint: "write batches of at most \(bodyLimit >> 20) MiB")
      }
      let body = try read(source, Int(length))
      guard body.count == Int(length) else { throw FlatTable.Damaged() }
      return Message(kind: try root.scalar(1, default: 0), header: header, body: body)
    }
  }

  /// Reads bytes; fewer at the end.
  private static func read(_ source: any ByteSource, _ count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      // Grows with what arrives: a hostile length allocates nothing.
      let piece = try [UInt8](unsafeUninitializedCapacity: min(count - bytes.count, 1 << 20)) { space, filled in
        filled = try source.read(into: UnsafeMutableRawBufferPointer(space))
      }
      if piece.isEmpty { break }
      bytes.append(contentsOf: piece)
    }
    return bytes
  }

  static func damaged() -> ModelError {
    ModelError(.badRows, "input", reason: "a damaged or truncated Arrow table", hint: "write it again")
  }

  /// Says what is damaged in the words of a table.
  private static func checked<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch is FlatTable.Damaged { throw damaged() }
  }
}

/// Takes the nodes and buffers of a record batch in the order of the fields (Message.fbs, `RecordBatch`).
struct BufferWalk {
  let count: Int
  private var nodes: ArraySlice<(first: Int64, second: Int64)>
  private var buffers: ArraySlice<(first: Int64, second: Int64)>
  private let body: [UInt8]

  /// - Throws: `ModelError.badRows` for compressed buffers.
  init(_ batch: FlatTable, _ body: [UInt8]) throws {
    if let compression = try batch.table(3) {
      let codec: Int8 = try compression.scalar(0, default: 0)
      throw ModelError(
        .badRows, "input", reason: "its batches are compressed with \(codec == 0 ? "lz4" : "zstd")",
        hint:
          "write it without compression: pyarrow.ipc.IpcWriteOptions(compression=None), or feather's compression=\"uncompressed\""
      )
    }
    let length: Int64 = try batch.scalar(0, default: 0)
    // Even a column of nulls takes no buffer, so the count alone must not decide how much is allocated.
    guard length >= 0, length <= 1 << 24 else { throw FlatTable.Damaged() }
    count = Int(length)
    nodes = try batch.pairs(1)[...]
    buffers = try batch.pairs(2)[...]
    self.body = body
  }

  /// The column of a field; nil if its type is passed over.
  mutating func column(_ field: ArrowField, _ dictionaries: [Int64: ArrowColumn]) throws -> ArrowColumn? {
    if let (id, index) = field.dictionary {
      let indexes = try values(index)
      if case .other = field.type { return nil }
      // A batch without rows may come before its dictionary.
      guard let dictionary = dictionaries[id] ?? (count == 0 ? indexes : nil) else { throw FlatTable.Damaged() }
      return try indexes?.looking(in: dictionary)
    }
    let found = try values(field.type)
    for child in field.children { _ = try column(child, dictionaries) }
    return found
  }

  /// The values of a type; nil for one that is passed over.
  mutating func values(_ type: ArrowType) throws -> ArrowColumn? {
    guard let node = nodes.popFirst(), buffers.count >= type.buffers else { throw FlatTable.Damaged() }
    let own = try buffers.prefix(type.buffers).map { try range($0) }
    buffers = buffers.dropFirst(type.buffers)
    if case .other = type { return nil }
    guard node.first >= 0, node.first <= Int64(Int32.max) else { throw FlatTable.Damaged() }
    return try ArrowColumn(type, count: Int(node.first), nulls: node.second, own, body: body)
  }

  private func range(_ buffer: (first: Int64, second: Int64)) throws -> Range<Int> {
    guard buffer.first >= 0, buffer.second >= 0, buffer.first <= Int64(body.count),
      buffer.second <= Int64(body.count) - buffer.first
    else { throw FlatTable.Damaged() }
    return Int(buffer.first)..<Int(buffer.first + buffer.second)
  }
}
