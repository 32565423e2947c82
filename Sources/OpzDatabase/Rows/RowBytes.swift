/// Rows as PostgreSQL's binary COPY has them, without its header: for each row the number of its fields (16 bits), and
/// for each field the number of its bytes (32 bits; -1 for NULL) and these bytes, big endian. SQLite's rows are written
/// so too.
public struct RowBytes: Sendable {
  public private(set) var bytes: [UInt8] = []
  public private(set) var count = 0
  /// Where the last row begins.
  private(set) var last = 0

  /// No rows.
  public init() {}

  /// Begins a row.
  public mutating func beginRow(fields: Int) {
    last = bytes.count
    count += 1
    append(UInt16(truncatingIfNeeded: fields))
  }

  /// Adds a row that is written already.
  mutating func append(row: UnsafeRawBufferPointer) {
    last = bytes.count
    count += 1
    bytes.append(contentsOf: row)
  }

  /// Adds fields that are written already, lengths included.
  public mutating func append(fields: ArraySlice<UInt8>) { bytes.append(contentsOf: fields) }

  /// Adds NULL.
  public mutating func appendNull() { append(UInt32.max) }

  /// Adds a number of its own width.
  @inline(__always)
  public mutating func append(field number: some FixedWidthInteger) {
    append(UInt32(number.bitWidth / 8))
    append(number)
  }

  /// Adds a text.
  public mutating func append(field text: some Sequence<UInt8>, tag: UInt8? = nil) {
    let place = bytes.count
    append(UInt32(0))
    if let tag { bytes.append(tag) }
    bytes.append(contentsOf: text)
    let length = UInt32(truncatingIfNeeded: bytes.count - place - 4)
    for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * index)) }
  }

  /// Adds a cell of the type `CellType.any`.
  mutating func append(tagged tag: UInt8, _ number: UInt64) {
    append(UInt32(9))
    bytes.append(tag)
    append(number)
  }

  @inline(__always)
  private mutating func append(_ number: some FixedWidthInteger) {
    withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
  }

  /// Room for more bytes.
  public mutating func reserve(_ count: Int) { bytes.reserveCapacity(bytes.count + count) }

  /// The first fields of the last row, lengths included.
  /// - Throws: `DatabaseError.damaged`.
  public func lastFields(_ count: Int) throws -> ArraySlice<UInt8> {
    try bytes.withUnsafeBytes { space in
      var cursor = CellCursor(space, at: last)
      let fields = try cursor.beginRow()
      guard fields >= count else { throw CellCursor.damaged() }
      let start = cursor.place
      for _ in 0..<count { _ = try cursor.cell() }
      return bytes[start..<cursor.place]
    }
  }
}

/// Walks through the cells of rows, and never beyond their end.
struct CellCursor {
  private let bytes: UnsafeRawBufferPointer
  private(set) var place: Int

  init(_ bytes: UnsafeRawBufferPointer, at place: Int = 0) {
    self.bytes = bytes
    self.place = place
  }

  static func damaged() -> DatabaseError {
    DatabaseError(.damaged, "the database's answer", reason: "its rows end in the middle, or have other columns")
  }

  var isAtEnd: Bool { place >= bytes.count }

  /// The number of the row's fields.
  @inline(__always)
  mutating func beginRow() throws -> Int {
    guard bytes.count - place >= 2 else { throw CellCursor.damaged() }
    let count = Int(Int16(bigEndian: bytes.loadUnaligned(fromByteOffset: place, as: Int16.self)))
    place += 2
    return count
  }

  /// Where the next cell is; nil for NULL.
  @inline(__always)
  mutating func cell() throws -> Range<Int>? {
    guard bytes.count - place >= 4 else { throw CellCursor.damaged() }
    let length = Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: place, as: Int32.self)))
    place += 4
    if length == -1 { return nil }
    guard length >= 0, length <= bytes.count - place else { throw CellCursor.damaged() }
    let cell = place..<(place + length)
    place += length
    return cell
  }

  /// A whole number of the cell's own width.
  @inline(__always)
  func integer<Number: FixedWidthInteger & BitwiseCopyable>(_ cell: Range<Int>, _ type: Number.Type) throws -> Number {
    guard cell.count == MemoryLayout<Number>.size else { throw CellCursor.damaged() }
    return Number(bigEndian: bytes.loadUnaligned(fromByteOffset: cell.lowerBound, as: Number.self))
  }

  /// The bytes of a cell.
  func bytes(_ cell: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[cell]) }
}
