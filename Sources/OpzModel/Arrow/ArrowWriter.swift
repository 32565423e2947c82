/// Writes an Arrow stream or file ("Apache Arrow Columnar Format", Serialization and Interprocess Communication), version
/// V5, little-endian, without compression.
struct ArrowWriter {
  /// The values of a column of a batch.
  enum Values {
    /// Numbers as they are stored, `bytes` each, and which of them are there; nil for all.
    case fixed([UInt8], valid: [Bool]?)
    case bools([Bool], valid: [Bool]?)
    case texts([[UInt8]?])
  }

  private let fields: [(name: String, type: ArrowType)]
  private let isFile: Bool
  /// Bytes written so far.
  private var written = 0
  /// Offset, bytes of the description and of the buffers of each batch.
  private var blocks: [(offset: Int, head: Int, body: Int)] = []

  init(_ fields: [(name: String, type: ArrowType)], isFile: Bool) {
    self.fields = fields
    self.isFile = isFile
  }

  /// What comes before the batches.
  mutating func begin() -> [UInt8] {
    var bytes = isFile ? Array("ARROW1\0\0".utf8) : []
    bytes += ArrowWriter.message(kind: 1, schema, body: 0)
    written = bytes.count
    return bytes
  }

  /// A batch as a message, which `add` takes.
  static func batch(_ columns: [Values], rows: Int) -> (head: [UInt8], body: [UInt8]) {
    var body: [UInt8] = []
    var nodes: [UInt8] = []
    var buffers: [UInt8] = []
    var bufferCount = 0
    func add(_ buffer: [UInt8]) {
      FlatObject.append(&buffers, Int64(body.count))
      FlatObject.append(&buffers, Int64(buffer.count))
      bufferCount += 1
      body += buffer
      // Arrow recommends buffers at multiples of 64 bytes.
      body.append(contentsOf: repeatElement(0, count: (64 - body.count % 64) % 64))
    }
    func addNode(_ valid: [Bool]?) {
      let nulls = valid?.count { !$0 } ?? 0
      FlatObject.append(&nodes, Int64(rows))
      FlatObject.append(&nodes, Int64(nulls))
      add(nulls == 0 ? [] : bits(valid ?? []))
    }
    for column in columns {
      switch column {
      case .fixed(let bytes, let valid):
        addNode(valid)
        add(bytes)
      case .bools(let values, let valid):
        addNode(valid)
        add(bits(values))
      case .texts(let texts):
        addNode(texts.map { $0 != nil })
        var (offsets, data): ([UInt8], [UInt8]) = ([], [])
        FlatObject.append(&offsets, Int64(0))
        for text in texts {
          data += text ?? []
          FlatObject.append(&offsets, Int64(data.count))
        }
        add(offsets)
        add(data)
      }
    }
    let header = FlatObject(fields: [
      0: .int64(Int64(rows)), 1: .structs(columns.count, nodes), 2: .structs(bufferCount, buffers),
    ])
    return (message(kind: 3, header, body: body.count), body)
  }

  /// Notes a batch that is written next.
  mutating func add(_ batch: (head: [UInt8], body: [UInt8])) {
    blocks.append((written, batch.head.count, batch.body.count))
    written += batch.head.count + batch.body.count
  }

  /// What comes after the batches.
  func end() -> [UInt8] {
    var bytes: [UInt8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]
    guard isFile else { return bytes }
    var places: [UInt8] = []
    for block in blocks {
      FlatObject.append(&places, Int64(block.offset))
      FlatObject.append(&places, Int32(block.head))
      FlatObject.append(&places, Int32(0))
      FlatObject.append(&places, Int64(block.body))
    }
    let footer = FlatObject(fields: [
      0: .int16(4), 1: .table(schema), 2: .structs(0, []), 3: .structs(blocks.count, places),
    ]).document
    bytes += footer
    FlatObject.append(&bytes, Int32(footer.count))
    return bytes + Array("ARROW1".utf8)
  }

  // MARK: Messages

  private static func message(kind: Int8, _ header: FlatObject, body: Int) -> [UInt8] {
    let document = FlatObject(fields: [0: .int16(4), 1: .int8(kind), 2: .table(header), 3: .int64(Int64(body))])
      .document
    var bytes: [UInt8] = [0xff, 0xff, 0xff, 0xff]
    FlatObject.append(&bytes, Int32(document.count))
    return bytes + document
  }

  private var schema: FlatObject {
    FlatObject(fields: [
      0: .int16(0),
      1: .tables(
        fields.map { field in
          let (kind, type) = ArrowWriter.type(field.type)
          return FlatObject(fields: [
            0: .text(field.name), 1: .int8(1), 2: .int8(kind), 3: .table(type), 5: .tables([]),
          ])
        }),
    ])
  }

  private static func type(_ type: ArrowType) -> (kind: Int8, FlatObject) {
    switch type {
    case .integer(let bytes, let isSigned):
      (2, FlatObject(fields: [0: .int32(Int32(bytes * 8)), 1: .int8(isSigned ? 1 : 0)]))
    case .float32: (3, FlatObject(fields: [0: .int16(1)]))
    case .float64: (3, FlatObject(fields: [0: .int16(2)]))
    case .bool: (6, FlatObject(fields: [:]))
    case .text, .null, .other: (20, FlatObject(fields: [:]))
    }
  }

  private static func bits(_ values: [Bool]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: (values.count + 7) / 8)
    for (index, value) in values.enumerated() where value { bytes[index >> 3] |= 1 << UInt8(index & 7) }
    return bytes
  }
}
