import OpzIO

/// Splits a CSV stream into pieces of complete records.
struct RecordReader {
  struct Chunk: Sendable {
    let bytes: [UInt8]
    /// The line on which it starts, from 1.
    let line: Int
  }

  private let source: any ByteSource
  private let size: Int
  private let limit: Int
  /// Bytes read but not yet returned.
  private var pending: [UInt8] = []
  private var begun = false
  private var ended = false
  private var line = 1

  init(_ source: any ByteSource, chunk: Int, limit: Int) {
    self.source = source
    size = chunk
    self.limit = limit
  }

  /// The first record; nil for an empty input.
  mutating func header() throws -> [String]? {
    guard let chunk = try next() else { return nil }
    let end = CSVCursor.firstBoundary(chunk.bytes)
    let first = Array(chunk.bytes[..<end])
    var records = CSVRecords(first, line: 1)
    var fields: [String] = []
    guard try records.next(into: &fields) else { throw ModelError(.badRows, "line 1", "the header is empty") }
    pending = Array(chunk.bytes[end...]) + pending
    line = 1 + first.count { $0 == 10 }
    return fields
  }

  mutating func next() throws -> Chunk? {
    try begin()
    var cursor = CSVCursor()
    var boundary = cursor.lastBoundary(pending, from: 0)
    while !ended, boundary == nil || pending.count < size {
      let old = pending.count
      try fill()
      if let found = cursor.lastBoundary(pending, from: old) { boundary = found }
      guard boundary != nil || pending.count <= limit else {
        throw ModelError(
          .badRows, "line \(line)", "a record of more than \(limit) bytes", hint: "a quote may not be closed")
      }
    }
    let end = ended ? pending.count : boundary ?? pending.count
    guard end > 0 else { return nil }
    let chunk = Chunk(bytes: Array(pending[..<end]), line: line)
    pending.removeFirst(end)
    line += chunk.bytes.count { $0 == 10 }
    return chunk
  }

  /// Skips a byte order mark.
  private mutating func begin() throws {
    guard !begun else { return }
    begun = true
    while !ended, pending.count < 3 { try fill() }
    if pending.starts(with: [0xef, 0xbb, 0xbf]) { pending.removeFirst(3) }
  }

  private mutating func fill() throws {
    let piece = try [UInt8](unsafeUninitializedCapacity: size) { space, count in
      count = try source.read(into: UnsafeMutableRawBufferPointer(space))
    }
    pending.append(contentsOf: piece)
    if piece.isEmpty { ended = true }
  }
}
