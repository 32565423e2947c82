/// A position in a protobuf message that moves forward (protobuf.dev, "Encoding").
///
/// The caller asks for the next field, and then for its value, or passes over it:
///
///     while let field = try reader.next() {
///       switch field.number {
///       case 1: name = try reader.string(field)
///       case 2: try reader.append(floats: &values, field)
///       default: try reader.skip(field)
///       }
///     }
///
/// Nothing is copied but what is asked for, and each byte is checked before it is read: a damaged message is a
/// `WireFailure` with its offset, never a trap.
public struct WireReader: Sendable {
  /// The whole of the outermost message.
  public let bytes: [UInt8]
  /// The offset of the next byte, from the beginning of `bytes`.
  public private(set) var position: Int
  /// Where this message ends.
  public let end: Int
  private let depth: Int
  private let limits: WireLimits

  /// Begins at a message's first byte.
  /// - Throws: `WireFailure` for a message above the limit.
  public init(_ bytes: [UInt8], limits: WireLimits = WireLimits()) throws(WireFailure) {
    guard bytes.count <= limits.size else {
      throw WireFailure(at: 0, "a message of \(bytes.count) bytes; the limit is \(limits.size)")
    }
    self.init(bytes, 0..<bytes.count, depth: 0, limits: limits)
  }

  private init(_ bytes: [UInt8], _ range: Range<Int>, depth: Int, limits: WireLimits) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
    self.depth = depth
    self.limits = limits
  }

  /// The next field; nil at the end of the message. Its value has to be read or skipped before the next call.
  /// - Throws: `WireFailure` for a number that no field has, or a type of value that does not exist.
  public mutating func next() throws(WireFailure) -> WireField? {
    guard position < end else { return nil }
    let start = position
    let tag = try varint()
    guard tag >> 3 > 0, tag <= UInt64(UInt32.max) else { throw WireFailure(at: start, "no field has this number") }
    guard let type = WireType(rawValue: UInt8(truncatingIfNeeded: tag & 7)) else {
      throw WireFailure(
        at: start, tag & 7 == 3 || tag & 7 == 4 ? "a group, which is not read" : "a type of value that does not exist")
    }
    return WireField(Int(tag >> 3), type)
  }

  /// Passes over a field's value.
  public mutating func skip(_ field: WireField) throws(WireFailure) {
    switch field.type {
    case .varint: _ = try varint()
    case .fixed64: try advance(8)
    case .lengthDelimited: _ = try range(field)
    case .fixed32: try advance(4)
    }
  }

  // MARK: Plain numbers

  /// A number in base 128, least significant group first: at most ten bytes.
  public mutating func varint() throws(WireFailure) -> UInt64 {
    let start = position
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      guard position < end else { throw WireFailure(at: start, "the message ends within a number") }
      let byte = bytes[position]
      position &+= 1
      value |= UInt64(byte & 0x7f) &<< shift
      if byte < 0x80 {
        guard shift < 63 || byte <= 1 else { throw WireFailure(at: start, "a number of more than 64 bits") }
        return value
      }
      shift &+= 7
      guard shift <= 63 else { throw WireFailure(at: start, "a number of more than ten bytes") }
    }
  }

  /// Four bytes, little-endian.
  public mutating func fixed32() throws(WireFailure) -> UInt32 {
    let start = position
    try advance(4)
    return bytes.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: start, as: UInt32.self)) }
  }

  /// Eight bytes, little-endian.
  public mutating func fixed64() throws(WireFailure) -> UInt64 {
    let start = position
    try advance(8)
    return bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: start, as: UInt64.self)) }
  }

  private mutating func advance(_ count: Int) throws(WireFailure) {
    guard count <= end - position else {
      throw WireFailure(at: position, "\(count) bytes are announced and \(end - position) are left")
    }
    position += count
  }
}

// MARK: Values of fields

extension WireReader {
  /// An `int64`, `uint64` or `bool`.
  public mutating func uint64(_ field: WireField) throws(WireFailure) -> UInt64 {
    try expect(.varint, field)
    return try varint()
  }

  /// An `int64`: two's complement.
  public mutating func int64(_ field: WireField) throws(WireFailure) -> Int64 {
    Int64(bitPattern: try uint64(field))
  }

  /// An `int32` or an enum: the lower 32 bits, as the specification says.
  public mutating func int32(_ field: WireField) throws(WireFailure) -> Int32 {
    Int32(truncatingIfNeeded: try uint64(field))
  }

  /// A `bool`: any number but 0 is true.
  public mutating func bool(_ field: WireField) throws(WireFailure) -> Bool { try uint64(field) != 0 }

  /// A `sint64` or `sint32`: 0, -1, 1, -2 .. are 0, 1, 2, 3 .. (ZigZag).
  public mutating func zigzag(_ field: WireField) throws(WireFailure) -> Int64 {
    let value = try uint64(field)
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  /// A `float`.
  public mutating func float(_ field: WireField) throws(WireFailure) -> Float {
    try expect(.fixed32, field)
    return Float(bitPattern: try fixed32())
  }

  /// A `double`.
  public mutating func double(_ field: WireField) throws(WireFailure) -> Double {
    try expect(.fixed64, field)
    return Double(bitPattern: try fixed64())
  }

  /// Where the bytes of a length-delimited value are in `bytes`.
  public mutating func range(_ field: WireField) throws(WireFailure) -> Range<Int> {
    try expect(.lengthDelimited, field)
    let start = position
    guard let count = Int(exactly: try varint()), count <= end - position else {
      throw WireFailure(at: start, "a value of more bytes than are left in its message")
    }
    position += count
    return (position - count)..<position
  }

  /// A `string`.
  /// - Throws: `WireFailure` for bytes that are not UTF-8.
  public mutating func string(_ field: WireField) throws(WireFailure) -> String {
    try text(at: try range(field))
  }

  /// A `string` that often is one that the caller has: then nothing is copied.
  public mutating func string(_ field: WireField, like known: String?) throws(WireFailure) -> String {
    let range = try range(field)
    if let known, isText(at: range, known) { return known }
    return try text(at: range)
  }

  private func isText(at range: Range<Int>, _ known: String) -> Bool {
    known.utf8.withContiguousStorageIfAvailable { text in
      text.count == range.count && bytes.withUnsafeBufferPointer { text.elementsEqual($0[range]) }
    } ?? false
  }

  private func text(at range: Range<Int>) throws(WireFailure) -> String {
    // Checking UTF-8 costs more than all else of a short text.
    let isASCII = bytes.withUnsafeBufferPointer { bytes in bytes[range].allSatisfy { $0 < 0x80 } }
    if isASCII {
      return String(unsafeUninitializedCapacity: range.count) { buffer in
        bytes.withUnsafeBufferPointer { buffer.initialize(fromContentsOf: $0[range]) }
      }
    }
    guard let text = String(validating: bytes[range], as: UTF8.self) else {
      throw WireFailure(at: range.lowerBound, "a text that is not UTF-8")
    }
    return text
  }

  /// A message within this one: a reader of its fields.
  public mutating func message(_ field: WireField) throws(WireFailure) -> WireReader {
    let start = position
    let range = try range(field)
    guard depth < limits.depth else {
      throw WireFailure(at: start, "messages nested deeper than \(limits.depth)")
    }
    return WireReader(bytes, range, depth: depth + 1, limits: limits)
  }

  /// Checks how a value is stored.
  private func expect(_ type: WireType, _ field: WireField) throws(WireFailure) {
    guard field.type == type else {
      throw WireFailure(at: position, "field \(field.number) is stored as \(field.type), not as \(type)")
    }
  }
}

// MARK: Repeated numbers

extension WireReader {
  /// Appends the numbers of a repeated `float`, packed or one by one.
  public mutating func append(floats: inout [Float], _ field: WireField) throws(WireFailure) {
    guard field.type == .lengthDelimited else {
      try reserve(1, beside: floats.count)
      return floats.append(try float(field))
    }
    var list = try fixed(field, bytesEach: 4, beside: floats.count)
    floats.reserveCapacity(floats.count + (list.end - list.position) / 4)
    while list.position < list.end { floats.append(Float(bitPattern: try list.fixed32())) }
  }

  /// Appends the numbers of a repeated `double`, packed or one by one.
  public mutating func append(doubles: inout [Double], _ field: WireField) throws(WireFailure) {
    guard field.type == .lengthDelimited else {
      try reserve(1, beside: doubles.count)
      return doubles.append(try double(field))
    }
    var list = try fixed(field, bytesEach: 8, beside: doubles.count)
    doubles.reserveCapacity(doubles.count + (list.end - list.position) / 8)
    while list.position < list.end { doubles.append(Double(bitPattern: try list.fixed64())) }
  }

  /// Appends the numbers of a repeated `int64`, `uint64`, `int32`, `bool` or enum, packed or one by one.
  public mutating func append(int64s: inout [Int64], _ field: WireField) throws(WireFailure) {
    guard field.type == .lengthDelimited else {
      try reserve(1, beside: int64s.count)
      return int64s.append(try int64(field))
    }
    let range = try range(field)
    var list = WireReader(bytes, range, depth: depth, limits: limits)
    while list.position < list.end {
      try reserve(1, beside: int64s.count)
      int64s.append(Int64(bitPattern: try list.varint()))
    }
  }

  private mutating func fixed(
    _ field: WireField, bytesEach size: Int, beside count: Int
  ) throws(WireFailure) -> WireReader {
    let range = try range(field)
    guard range.count.isMultiple(of: size) else {
      throw WireFailure(at: range.lowerBound, "\(range.count) bytes of numbers of \(size) bytes")
    }
    try reserve(range.count / size, beside: count)
    return WireReader(bytes, range, depth: depth, limits: limits)
  }

  private func reserve(_ more: Int, beside count: Int) throws(WireFailure) {
    guard count <= limits.elements - more else {
      throw WireFailure(at: position, "a list of more than \(limits.elements) elements")
    }
  }
}
