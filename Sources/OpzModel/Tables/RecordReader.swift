import OpzIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Splits a CSV stream into pieces of complete records.
struct RecordReader {
  struct Chunk: Sendable {
    /// Complete records, then `padding` line breaks.
    let bytes: [UInt8]
    /// Bytes of records, which end with a line break unless a quote is not closed.
    let count: Int
    /// The maximum number of records.
    let records: Int
    /// The line on which it starts, from 1.
    let line: Int
  }

  /// Line breaks after the records, so that a cell can be read without looking for the end of the bytes.
  static let padding = 16

  private let source: any ByteSource
  private let dialect: CSVDialect
  private let size: Int
  private let records: Int
  private let limit: Int
  /// Bytes read but not yet returned.
  private var pending: [UInt8] = []
  private var begun = false
  private var ended = false
  private var line = 1

  /// - Parameters:
  ///   - chunk: bytes of a piece, unless a record has more.
  ///   - records: the maximum number of records in a piece.
  ///   - limit: the maximum bytes of a record.
  init(_ source: any ByteSource, _ dialect: CSVDialect, chunk: Int, records: Int = .max, limit: Int) {
    self.source = source
    self.dialect = dialect
    size = chunk
    self.records = records
    self.limit = limit
  }

  /// The first record that is no empty line; nil for an empty input.
  /// - Parameter isRow: whether it is returned again, as a row.
  mutating func header(isRow: Bool) throws -> [String]? {
    try begin()
    while try skipEmptyLines() {
      guard let (end, _) = try findEnd(records: 1) else { return nil }
      var fields: [String] = []
      var splitter = CSVRecords(Array(pending[..<end]), line: line, dialect)
      _ = try splitter.next(into: &fields)
      if !isRow { drop(end) }
      return fields
    }
    return nil
  }

  /// Drops the empty lines at the start; false at the end.
  private mutating func skipEmptyLines() throws -> Bool {
    while true {
      let empty = pending.prefix { $0 == 10 || $0 == 13 }
      // A carriage return alone is an ordinary character.
      drop(empty.last == 13 ? empty.count - 1 : empty.count)
      if pending.isEmpty || (pending.count == 1 && pending[0] == 13), !ended {
        try fill()
      } else {
        return !pending.isEmpty
      }
    }
  }

  mutating func next() throws -> Chunk? {
    guard let (end, count) = try findEnd(records: records) else { return nil }
    var bytes = [UInt8](unsafeUninitializedCapacity: end + RecordReader.padding) { space, count in
      pending.withUnsafeBytes { UnsafeMutableRawBufferPointer(space).copyMemory(from: .init(rebasing: $0[..<end])) }
      count = end
    }
    bytes.append(contentsOf: repeatElement(10, count: RecordReader.padding))
    let chunk = Chunk(bytes: bytes, count: end, records: count, line: line)
    drop(end)
    return chunk
  }

  private mutating func drop(_ count: Int) {
    line += RecordReader.lineBreaks(pending, count)
    pending.removeFirst(count)
  }

  private static func lineBreaks(_ bytes: [UInt8], _ count: Int) -> Int {
    bytes.withUnsafeBytes { bytes in
      guard var place = bytes.baseAddress else { return 0 }
      let end = place + count
      var total = 0
      while place < end, let found = memchr(place, 10, end - place) {
        total += 1
        place = UnsafeRawPointer(found) + 1
      }
      return total
    }
  }

  /// Where the last complete record among the first `records` ends, after reading enough, and how many there are; nil at
  /// the end.
  private mutating func findEnd(records: Int) throws -> (end: Int, count: Int)? {
    try begin()
    var cursor = CSVCursor(dialect)
    var (end, count, seen) = (0, 0, 0)
    while true {
      pending.withUnsafeBufferPointer { bytes in
        let offset = seen
        cursor.forEachEnd(in: UnsafeBufferPointer(rebasing: bytes[seen...])) {
          end = offset + $0
          count += 1
          return count < records
        }
      }
      seen = pending.count
      if count >= records { return (end, count) }
      if ended { return pending.isEmpty ? nil : (pending.count, count + 1) }
      if end > 0, pending.count >= size { return (end, count) }
      guard end > 0 || pending.count <= limit else {
        throw ModelError(
          .badRows, "line \(line)", reason: "a record of more than \(limit) bytes", hint: "a quote may not be closed")
      }
      try fill()
    }
  }

  /// Skips a byte order mark.
  private mutating func begin() throws {
    guard !begun else { return }
    begun = true
    while !ended, pending.count < 4 { try fill() }
    if pending.starts(with: [0xef, 0xbb, 0xbf]) { return pending.removeFirst(3) }
    if let other = RecordReader.format(pending) {
      throw ModelError(.badRows, "input", reason: "it is \(other.name), not a CSV table", hint: other.hint)
    }
  }

  /// What a file is that begins with bytes that no table begins with.
  private static func format(_ bytes: [UInt8]) -> (name: String, hint: String)? {
    let formats: [([UInt8], String, String)] = [
      ([0xff, 0xfe], "text in UTF-16", "iconv -f UTF-16 -t UTF-8 turns it into UTF-8"),
      ([0xfe, 0xff], "text in UTF-16", "iconv -f UTF-16 -t UTF-8 turns it into UTF-8"),
      ([0x1f, 0x8b], "compressed with gzip", "gunzip unpacks it; opz score reads it as it is"),
      ([0x28, 0xb5, 0x2f, 0xfd], "compressed with zstd", "unzstd unpacks it; opz score reads it as it is"),
      (Array("PK\u{3}\u{4}".utf8), "a zip archive or a workbook of a spreadsheet", "save it as CSV"),
      (Array("PAR1".utf8), "a Parquet file", "save it as CSV, for example with pandas or duckdb"),
    ]
    return formats.first { bytes.starts(with: $0.0) }.map { ($0.1, $0.2) }
  }

  private mutating func fill() throws {
    let wanted = max(size - pending.count, min(max(size, pending.count), 1 << 20))
    let piece = try [UInt8](unsafeUninitializedCapacity: wanted) { space, count in
      count = try source.read(into: UnsafeMutableRawBufferPointer(space))
    }
    pending.append(contentsOf: piece)
    if piece.isEmpty { ended = true }
  }
}
