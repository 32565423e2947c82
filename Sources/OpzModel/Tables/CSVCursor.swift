#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Tracks the quotes of a CSV table to find where records end, piece by piece. `RecordParser` splits fields by the same
/// rules: a quote opens a field only at its start, so the result does not depend on where the input is cut.
struct CSVCursor {
  private enum State {
    case fieldStart, plain, quoted
    /// After a quote inside quotes: the end of the field, or the first of a doubled quote.
    case quote
  }

  private var state = State.fieldStart
  private let dialect: CSVDialect

  init(_ dialect: CSVDialect) { self.dialect = dialect }

  /// Calls `body` with the index after each line break that ends a record, until it returns false or the bytes end.
  mutating func forEachEnd(in bytes: UnsafeBufferPointer<UInt8>, _ body: (Int) -> Bool) {
    var index = 0
    // The next line break, found once and kept until it is passed.
    var lineBreak = -1
    while index < bytes.count {
      switch state {
      case .quoted:
        index = CSVCursor.find(dialect.quote, bytes, range: index..<bytes.count) + 1
        if index <= bytes.count { state = .quote }
      case .quote where bytes[index] == dialect.quote, .fieldStart where bytes[index] == dialect.quote:
        state = .quoted
        index += 1
      default:
        if lineBreak < index { lineBreak = CSVCursor.find(10, bytes, range: index..<bytes.count) }
        let quote = CSVCursor.find(dialect.quote, bytes, range: index..<lineBreak)
        if quote < lineBreak {
          let isOpening = quote > 0 && bytes[quote - 1] == dialect.delimiter
          state = isOpening ? .quoted : .plain
          index = quote + 1
        } else if lineBreak < bytes.count {
          index = lineBreak + 1
          state = .fieldStart
          guard body(index) else { return }
        } else {
          state = bytes[bytes.count - 1] == dialect.delimiter ? .fieldStart : .plain
          index = bytes.count
        }
      }
    }
  }

  /// The index of the next byte of this value; the end of the range if there is none.
  private static func find(_ byte: UInt8, _ bytes: UnsafeBufferPointer<UInt8>, range: Range<Int>) -> Int {
    guard let base = bytes.baseAddress, let found = memchr(base + range.lowerBound, Int32(byte), range.count) else {
      return range.upperBound
    }
    return UnsafeRawPointer(found) - UnsafeRawPointer(base)
  }

  /// The end of the first record in `bytes`; the end of `bytes` if no line break ends it.
  static func firstEnd(_ bytes: UnsafeBufferPointer<UInt8>, _ dialect: CSVDialect) -> Int {
    var cursor = CSVCursor(dialect)
    var end = bytes.count
    cursor.forEachEnd(in: bytes) {
      end = $0
      return false
    }
    return end
  }
}
