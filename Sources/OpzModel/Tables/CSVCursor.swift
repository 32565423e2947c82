/// Follows the quotes of a CSV table, byte by byte, to find where its records end. `CSVRecords` reads fields by the same rules: a
/// quote opens a field only where the field begins, so that a piece cut here reads the same whatever its size.
struct CSVCursor {
  private enum Place {
    case fieldStart, plain, quoted
    /// After a quote inside of quotes: the end of the field, or the first of a doubled one.
    case quote
  }

  private var place = Place.fieldStart

  /// - Returns: whether a record ends with `byte`.
  @inline(__always)
  mutating func endsRecord(_ byte: UInt8) -> Bool {
    if byte == UInt8(ascii: "\"") {
      switch place {
      case .fieldStart, .quote: place = .quoted
      case .quoted: place = .quote
      case .plain: break
      }
      return false
    }
    guard place != .quoted else { return false }
    place = byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") ? .fieldStart : .plain
    return byte == UInt8(ascii: "\n")
  }

  /// The end of the last whole record in `bytes` from `start` on, or nil when there is none.
  mutating func lastBoundary(_ bytes: [UInt8], from start: Int) -> Int? {
    var boundary: Int?
    bytes.withUnsafeBufferPointer { buffer in
      for index in start..<buffer.count where endsRecord(buffer[index]) { boundary = index + 1 }
    }
    return boundary
  }

  /// The end of the first record in `bytes`: all of them where no line break ends it.
  static func firstBoundary(_ bytes: [UInt8]) -> Int {
    var cursor = CSVCursor()
    return bytes.firstIndex { cursor.endsRecord($0) }.map { $0 + 1 } ?? bytes.count
  }
}
