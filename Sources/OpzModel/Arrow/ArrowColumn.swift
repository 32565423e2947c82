/// The values of a column of an Arrow table, checked: every index below `count` can be read.
struct ArrowColumn: Sendable {
  let type: ArrowType
  let count: Int
  private let body: [UInt8]
  /// One bit for each value; nil if all are there.
  private let validity: Range<Int>?
  private let offsets: Range<Int>
  private let data: Range<Int>
  /// The values that the column's own are indexes of; none or one.
  private var dictionary: [ArrowColumn] = []

  /// - Throws: `FlatTable.Damaged` for buffers that are too short, or offsets that do not ascend.
  init(_ type: ArrowType, count: Int, nulls: Int64, _ buffers: [Range<Int>], body: [UInt8]) throws(FlatTable.Damaged) {
    self.type = type
    self.count = count
    self.body = body
    let hasValidity = nulls != 0 && !buffers.isEmpty && !buffers[0].isEmpty
    validity = hasValidity ? buffers[0] : nil
    if hasValidity, buffers[0].count < (count + 7) / 8 { throw FlatTable.Damaged() }
    offsets = buffers.count == 3 ? buffers[1] : 0..<0
    data = buffers.last ?? 0..<0
    switch type {
    case .integer(let bytes, _): try require(count * bytes)
    case .float32: try require(count * 4)
    case .float64: try require(count * 8)
    case .bool: try require((count + 7) / 8)
    case .null, .other: break
    case .text(let bytes): if count > 0 { try checkOffsets(bytes) }
    }
  }

  private func require(_ size: Int) throws(FlatTable.Damaged) {
    if data.count < size { throw FlatTable.Damaged() }
  }

  private func checkOffsets(_ size: Int) throws(FlatTable.Damaged) {
    guard offsets.count >= (count + 1) * size else { throw FlatTable.Damaged() }
    var last = 0
    for row in 0...count {
      let offset = self.offset(row, size)
      guard offset >= last, offset <= data.count else { throw FlatTable.Damaged() }
      last = offset
    }
  }

  private func offset(_ row: Int, _ size: Int) -> Int {
    size == 4
      ? Int(load(offsets.lowerBound + 4 * row, as: Int32.self))
      : Int(load(offsets.lowerBound + 8 * row, as: Int64.self))
  }

  private func load<Number>(_ place: Int, as: Number.Type) -> Number where Number: FixedWidthInteger {
    body.withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: Number.self)) }
  }

  /// The column of indexes as a column of the dictionary's values.
  /// - Throws: `FlatTable.Damaged` for an index beyond the dictionary.
  func looking(in values: ArrowColumn) throws(FlatTable.Damaged) -> ArrowColumn {
    for row in 0..<count where !isNull(row) {
      guard let index = Int(exactly: ownNumber(row)), (0..<values.count).contains(index) else {
        throw FlatTable.Damaged()
      }
    }
    var column = self
    column.dictionary = [values]
    return column
  }

  // MARK: Values

  /// The type of the values, of a dictionary's where there is one.
  var valueType: ArrowType { dictionary.first?.type ?? type }

  /// Where a row's value is: in the dictionary if there is one; nil if it is null.
  private func place(_ row: Int) -> (column: ArrowColumn, row: Int)? {
    guard !isNull(row) else { return nil }
    guard let values = dictionary.first else { return (self, row) }
    let index = Int(ownNumber(row))
    return values.isNull(index) ? nil : (values, index)
  }

  private func isNull(_ row: Int) -> Bool {
    if type == .null { return true }
    guard let validity else { return false }
    return body[validity.lowerBound + row >> 3] >> UInt8(row & 7) & 1 == 0
  }

  private func ownNumber(_ row: Int) -> Double {
    let start = data.lowerBound
    switch type {
    case .integer(1, true): return Double(load(start + row, as: Int8.self))
    case .integer(1, _): return Double(load(start + row, as: UInt8.self))
    case .integer(2, true): return Double(load(start + 2 * row, as: Int16.self))
    case .integer(2, _): return Double(load(start + 2 * row, as: UInt16.self))
    case .integer(4, true): return Double(load(start + 4 * row, as: Int32.self))
    case .integer(4, _): return Double(load(start + 4 * row, as: UInt32.self))
    case .integer(_, true): return Double(load(start + 8 * row, as: Int64.self))
    case .integer: return Double(load(start + 8 * row, as: UInt64.self))
    case .float32: return Double(Float(bitPattern: load(start + 4 * row, as: UInt32.self)))
    case .float64: return Double(bitPattern: load(start + 8 * row, as: UInt64.self))
    case .bool: return Double(body[start + row >> 3] >> UInt8(row & 7) & 1)
    case .text, .null, .other: return .nan
    }
  }

  /// A number; NaN if it is null or a text.
  func number(_ row: Int) -> Double {
    guard let (column, row) = place(row) else { return .nan }
    return column.ownNumber(row)
  }

  /// A text's bytes; nil if it is null or a number.
  func text(_ row: Int) -> ArraySlice<UInt8>? {
    guard let (column, row) = place(row), case .text(let size) = column.type else { return nil }
    let start = column.data.lowerBound
    return column.body[(start + column.offset(row, size))..<(start + column.offset(row + 1, size))]
  }

  /// A number's bytes as they are stored; nil if it is null.
  func bytes(_ row: Int) -> ArraySlice<UInt8>? {
    guard let (column, row) = place(row), column.type.size > 0 else { return nil }
    let start = column.data.lowerBound + row * column.type.size
    return column.body[start..<(start + column.type.size)]
  }
}
