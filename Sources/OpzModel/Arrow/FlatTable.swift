/// A table of a FlatBuffers document, with every access checked (flatbuffers' "Internals": a table begins with the signed
/// distance to its vtable, which has the offset of each field; vectors and strings begin with their count).
///
/// What is out of bounds is an error, so that a damaged or hostile document can be read.
struct FlatTable {
  /// Why a document cannot be read.
  struct Damaged: Error {}

  private let bytes: [UInt8]
  private let position: Int
  private let vtable: Int
  /// Bytes of the vtable.
  private let vtableSize: Int

  /// The root table.
  init(root bytes: [UInt8]) throws(Damaged) {
    try self.init(bytes, at: FlatTable.offset(bytes, from: 0))
  }

  private init(_ bytes: [UInt8], at position: Int) throws(Damaged) {
    self.bytes = bytes
    self.position = position
    let distance = Int(try FlatTable.load(bytes, position, as: Int32.self))
    vtable = position - distance
    vtableSize = Int(try FlatTable.load(bytes, vtable, as: UInt16.self))
  }

  // MARK: Fields

  /// A number or a truth value; the default if the field is absent.
  func scalar<Number: FixedWidthInteger>(_ field: Int, default value: Number) throws(Damaged) -> Number {
    guard let place = try place(field) else { return value }
    return try FlatTable.load(bytes, place, as: Number.self)
  }

  func table(_ field: Int) throws(Damaged) -> FlatTable? {
    guard let place = try place(field) else { return nil }
    return try FlatTable(bytes, at: FlatTable.offset(bytes, from: place))
  }

  func text(_ field: Int) throws(Damaged) -> String? {
    guard let (start, count) = try vector(field, stride: 1) else { return nil }
    guard let text = String(validating: bytes[start..<(start + count)], as: UTF8.self) else { throw Damaged() }
    return text
  }

  func tables(_ field: Int) throws(Damaged) -> [FlatTable] {
    guard let (start, count) = try vector(field, stride: 4) else { return [] }
    var tables: [FlatTable] = []
    for index in 0..<count {
      tables.append(try FlatTable(bytes, at: FlatTable.offset(bytes, from: start + 4 * index)))
    }
    return tables
  }

  /// A vector of structs of two 64-bit integers.
  func pairs(_ field: Int) throws(Damaged) -> [(first: Int64, second: Int64)] {
    guard let (start, count) = try vector(field, stride: 16) else { return [] }
    var pairs: [(Int64, Int64)] = []
    for index in 0..<count {
      let place = start + 16 * index
      pairs.append(
        (
          try FlatTable.load(bytes, place, as: Int64.self), try FlatTable.load(bytes, place + 8, as: Int64.self)
        ))
    }
    return pairs
  }

  // MARK: Places

  private func place(_ field: Int) throws(Damaged) -> Int? {
    let slot = 4 + 2 * field
    guard slot + 2 <= vtableSize else { return nil }
    let offset = Int(try FlatTable.load(bytes, vtable + slot, as: UInt16.self))
    return offset == 0 ? nil : position + offset
  }

  private func vector(_ field: Int, stride: Int) throws(Damaged) -> (start: Int, count: Int)? {
    guard let place = try place(field) else { return nil }
    let start = try FlatTable.offset(bytes, from: place)
    let count = Int(try FlatTable.load(bytes, start, as: UInt32.self))
    // The count is below 2^32 and the stride small, so nothing overflows.
    guard start + 4 + count * stride <= bytes.count else { throw Damaged() }
    return (start + 4, count)
  }

  private static func offset(_ bytes: [UInt8], from place: Int) throws(Damaged) -> Int {
    place + Int(try load(bytes, place, as: UInt32.self))
  }

  private static func load<Number: FixedWidthInteger>(
    _ bytes: [UInt8], _ place: Int, as: Number.Type
  ) throws(Damaged) -> Number {
    guard place >= 0, place <= bytes.count - MemoryLayout<Number>.size else { throw Damaged() }
    return bytes.withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: Number.self)) }
  }
}
