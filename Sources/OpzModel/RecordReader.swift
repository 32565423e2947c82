import OpzIO

/// Cuts a stream of CSV into pieces of whole records.
struct RecordReader {
  struct Chunk: Sendable {
    let bytes: [UInt8]
    /// The line that it begins on, from 1.
    let line: Int
  }

  private let source: any ByteSource
  private let size: Int
  private let limit: Int
  /// Bytes that were read and not handed out.
  private var pending: [UInt8] = []
  private var ended = false
  private var line = 1

  init(_ source: any ByteSource, chunk: Int, limit: Int) {
    self.source = source
    size = chunk
    self.limit = limit
  }

  /// The first record, without a byte order mark; nil for an empty input.
  mutating func header() throws -> [String]? {
    guard let chunk = try next() else { return nil }
    var bytes = chunk.bytes
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes.removeFirst(3) }
    var quoted = false
    var end = 0
    while end < bytes.count {
      if bytes[end] == UInt8(ascii: "\"") { quoted.toggle() }
      end += 1
      if bytes[end - 1] == 10, !quoted { break }
    }
    let first = Array(bytes[..<end])
    var records = CSVRecords(first, line: 1)
    var fields: [String] = []
    guard try records.next(into: &fields) else { throw ModelError(.badRows, "line 1", "the header is empty") }
    pending = Array(bytes[end...]) + pending
    line = 1 + first.count { $0 == 10 }
    return fields
  }

  mutating func next() throws -> Chunk? {
    var quoted = false
    var boundary = CSVRecords.lastBoundary(pending, from: 0, quoted: &quoted)
    while !ended, boundary == nil || pending.count < size {
      let old = pending.count
      try fill()
      if let found = CSVRecords.lastBoundary(pending, from: old, quoted: &quoted) { boundary = found }
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

  private mutating func fill() throws {
    let start = pending.count
    pending.append(contentsOf: repeatElement(0, count: size))
    let count = try pending.withUnsafeMutableBytes { buffer in
      try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[start...]))
    }
    pending.removeLast(size - count)
    if count == 0 { ended = true }
  }
}
