/// Tracks the quotes of a CSV table, byte by byte, to find where records end. `CSVRecords` splits fields by the same
/// rules: a quote opens a field only at its start, so the result does not depend on where the input is cut.
struct CSVCursor {
  private enum Place {
    case fieldStart, plain, quoted
    /// After a quote inside quotes: the end of the field, or the first of a doubled quote.
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

  /// The end of the last complete record in `bytes` from `start` on; nil if there is none.
  mutating func lastBoundary(_ bytes: [UInt8], from start: Int) -> Int? {
    var boundary: Int?
    bytes.withUnsafeBufferPointer { buffer in
      for index in start..<buffer.count where endsRecord(buffer[index]) { boundary = index + 1 }
    }
    return boundary
  }

  /// The end of the first record in `bytes`; the end of `bytes` if no line break ends it.
  static func firstBoundary(_ bytes: [UInt8]) -> Int {
    var cursor = CSVCursor()
    return bytes.firstIndex { cursor.endsRecord($0) }.map { $0 + 1 } ?? bytes.count
  }
}
