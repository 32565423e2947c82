/// A message in Protocol Buffers' wire format, read field by field. Nothing is allocated for skipped fields.
///
/// Source: protobuf.dev/programming-guides/encoding. Groups are not read: no format here has them.
struct ProtobufMessage {
  enum Value {
    case varint(UInt64)
    /// Four or eight bytes.
    case fixed
    /// The range of the bytes.
    case bytes(Range<UInt64>)
  }

  struct Broken: Error { let offset: UInt64 }

  let window: BlobWindow
  private(set) var offset: UInt64
  let end: UInt64

  init(_ window: BlobWindow, _ range: Range<UInt64>) {
    self.window = window
    offset = range.lowerBound
    end = range.upperBound
  }

  /// The next field and its number; nil at the end.
  /// - Throws: `Broken`, and what the blob throws.
  mutating func next() throws -> (field: UInt64, value: Value)? {
    guard offset < end else { return nil }
    let tag = try varint()
    let field = tag >> 3
    guard field > 0, field < 1 << 29 else { throw Broken(offset: offset) }
    switch tag & 7 {
    case 0: return (field, .varint(try varint()))
    case 1: return (field, try fixed(8))
    case 5: return (field, try fixed(4))
    case 2:
      let length = try varint()
      guard length <= end - offset else { throw Broken(offset: offset) }
      let range = offset..<(offset + length)
      offset += length
      return (field, .bytes(range))
    default: throw Broken(offset: offset)
    }
  }

  private mutating func fixed(_ width: UInt64) throws -> Value {
    guard width <= end - offset else { throw Broken(offset: offset) }
    offset += width
    return .fixed
  }

  private mutating func varint() throws -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), through: 63, by: 7) {
      guard offset < end else { throw Broken(offset: offset) }
      let byte = try window.byte(at: offset)
      offset += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
    }
    throw Broken(offset: offset)
  }

  /// A string, cut to 4,096 bytes.
  static func text(_ range: Range<UInt64>, _ window: BlobWindow) throws -> String {
    let count = Int(min(4096, range.upperBound - range.lowerBound))
    return String(decoding: try window.bytes(at: range.lowerBound, count), as: UTF8.self)
  }

  /// Reads the numbers of a message's fields.
  /// - Returns: the numbers of (up to 64) fields with bytes in them; nil if the range is not a message.
  static func fields(_ range: Range<UInt64>, _ window: BlobWindow) throws -> Set<UInt64>? {
    var message = ProtobufMessage(window, range)
    var found: Set<UInt64> = []
    var count = 0
    do {
      while let (field, value) = try message.next() {
        count += 1
        guard count <= 4_000_000 else { return nil }
        if case .bytes = value, found.count < 64 { found.insert(field) }
      }
    } catch is Broken {
      return nil
    }
    return found
  }
}
