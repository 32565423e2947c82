/// The elements of one repeated field of numbers, read one at a time where they stand: a list of any length takes no
/// memory. Several lists can be read side by side.
public struct WireNumbers: Sendable {
  private var message: WireReader
  private var packed: WireReader?
  private let number: Int
  /// A bit for each of the fields 0 to 63 that was passed over.
  private var passed: UInt64 = 0

  /// Begins before the first element of the field `number` of a message.
  public init(_ message: WireReader, field number: Int) {
    self.message = message
    self.number = number
  }

  /// The next element of a repeated `int64`, `int32`, `bool` or enum; nil after the last one.
  public mutating func nextInteger() throws(WireFailure) -> Int64? {
    while true {
      if let value = try packed?.packedVarint() { return Int64(bitPattern: value) }
      packed = nil
      guard let field = try nextField() else { return nil }
      if field.type != .lengthDelimited { return try message.int64(field) }
      packed = try message.message(field)
    }
  }

  /// The next element of a repeated `float`; nil after the last one.
  public mutating func nextFloat() throws(WireFailure) -> Float? {
    while true {
      if let list = packed, list.position < list.end { return Float(bitPattern: try packedFixed32(list)) }
      packed = nil
      guard let field = try nextField() else { return nil }
      if field.type != .lengthDelimited { return try message.float(field) }
      packed = try message.message(field)
    }
  }

  /// The next element of a repeated `double`; nil after the last one.
  public mutating func nextDouble() throws(WireFailure) -> Double? {
    while true {
      if let list = packed, list.position < list.end { return Double(bitPattern: try packedFixed64(list)) }
      packed = nil
      guard let field = try nextField() else { return nil }
      if field.type != .lengthDelimited { return try message.double(field) }
      packed = try message.message(field)
    }
  }

  /// Where the next element of a repeated `bytes` or `string` stands; nil after the last one.
  public mutating func nextRange() throws(WireFailure) -> Range<Int>? {
    guard let field = try nextField() else { return nil }
    return try message.range(field)
  }

  /// Whether a field was passed over so far, because it is not this one.
  /// - Parameter other: its number, below 64.
  public func hasPassed(field other: Int) -> Bool { (0..<64).contains(other) && passed & 1 << UInt64(other) != 0 }

  private mutating func packedFixed32(_ list: WireReader) throws(WireFailure) -> UInt32 {
    var list = list
    let value = try list.fixed32()
    packed = list
    return value
  }

  private mutating func packedFixed64(_ list: WireReader) throws(WireFailure) -> UInt64 {
    var list = list
    let value = try list.fixed64()
    packed = list
    return value
  }

  private mutating func nextField() throws(WireFailure) -> WireField? {
    while let field = try message.next() {
      if field.number == number { return field }
      if field.number < 64 { passed |= 1 << UInt64(field.number) }
      try message.skip(field)
    }
    return nil
  }
}

extension WireReader {
  /// The next number of a packed list; nil at its end.
  fileprivate mutating func packedVarint() throws(WireFailure) -> UInt64? {
    guard position < end else { return nil }
    return try varint()
  }
}
