/// Writes a protobuf message, field after field in the order of the calls (protobuf.dev, "Encoding").
///
/// Numbers in fields are the caller's constants from 1 to `WireField.limit`.
public struct WireWriter: Sendable {
  /// The message so far.
  public private(set) var bytes: [UInt8] = []

  /// Begins an empty message.
  public init() {}

  /// An `int64`, `int32`, `uint64`, `bool` or enum. A negative number takes ten bytes.
  public mutating func put(_ number: Int, int64 value: Int64) {
    tag(number, .varint)
    varint(UInt64(bitPattern: value))
  }

  /// A `bool`.
  public mutating func put(_ number: Int, bool value: Bool) { put(number, int64: value ? 1 : 0) }

  /// A `uint64`.
  public mutating func put(_ number: Int, uint64 value: UInt64) { put(number, int64: Int64(bitPattern: value)) }

  /// A `sint64` or `sint32` (ZigZag).
  public mutating func put(_ number: Int, zigzag value: Int64) { put(number, int64: (value << 1) ^ (value >> 63)) }

  /// A `float`.
  public mutating func put(_ number: Int, float value: Float) {
    tag(number, .fixed32)
    fixed(value.bitPattern)
  }

  /// A `double`.
  public mutating func put(_ number: Int, double value: Double) {
    tag(number, .fixed64)
    fixed(value.bitPattern)
  }

  /// A `bytes` field.
  public mutating func put(_ number: Int, bytes value: some Collection<UInt8>) {
    tag(number, .lengthDelimited)
    varint(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  /// A `string`.
  public mutating func put(_ number: Int, string value: String) { put(number, bytes: value.utf8) }

  /// A message within this one.
  public mutating func put(_ number: Int, message value: WireWriter) { put(number, bytes: value.bytes) }

  /// A packed repeated `int64`, `int32`, `bool` or enum; nothing for an empty list. The values may be made as they are
  /// asked for, which is twice.
  public mutating func put(_ number: Int, packed values: some Collection<Int64>) {
    guard !values.isEmpty else { return }
    tag(number, .lengthDelimited)
    let count = values.reduce(0) { $0 + WireWriter.size(UInt64(bitPattern: $1)) }
    varint(UInt64(count))
    bytes.reserveCapacity(bytes.count + count)
    for value in values { varint(UInt64(bitPattern: value)) }
  }

  /// Bytes of a number in base 128.
  private static func size(_ value: UInt64) -> Int { max(1, (70 - value.leadingZeroBitCount) / 7) }

  /// A packed repeated `float`; nothing for an empty list.
  public mutating func put(_ number: Int, packed values: [Float]) {
    var list = WireWriter()
    for value in values { list.fixed(value.bitPattern) }
    if !values.isEmpty { put(number, message: list) }
  }

  /// A packed repeated `double`; nothing for an empty list.
  public mutating func put(_ number: Int, packed values: [Double]) {
    var list = WireWriter()
    for value in values { list.fixed(value.bitPattern) }
    if !values.isEmpty { put(number, message: list) }
  }

  private mutating func tag(_ number: Int, _ type: WireType) {
    varint(UInt64(truncatingIfNeeded: number) << 3 | UInt64(type.rawValue))
  }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  private mutating func fixed(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }
}
