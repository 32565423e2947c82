public import OpzIO
public import SystemPackage

/// One of N shards of a CSV table: its header, and the records that start in the shard's byte range. Together the
/// shards have every record once, in order.
///
/// A record may contain line breaks in quotes, so record boundaries are only known when reading from the table's
/// start: a shard reads everything before its range, but scores only its own records.
public struct TableShard: Sendable {
  private let file: FilePath
  private let header: [UInt8]
  /// Byte range of the file.
  public let range: Range<UInt64>

  /// Finds the shard's records.
  /// - Parameters:
  ///   - index: from 0.
  ///   - count: the number of shards, at least 1.
  ///   - header: whether the first record is one.
  public init(
    _ file: FilePath, index: Int, of count: Int, dialect: CSVDialect = .standard,
    header kind: BatchScoring.Header = .first
  ) throws {
    guard count >= 1, (0..<count).contains(index) else {
      throw ModelError(.badRows, "shard \(index)", reason: "there are \(count), counted from 0")
    }
    let blob = try FileBlob(file)
    var finder = BoundaryFinder(
      size: blob.size, index: UInt64(index), count: UInt64(count), dialect: dialect, hasHeader: kind == .first)
    try blob.forEachChunk { try finder.read($0.assumingMemoryBound(to: UInt8.self)) }
    self.file = file
    header = finder.header
    range = finder.range
  }

  /// Opens the shard: the table's header, then the shard's records.
  /// - Throws: when the file cannot be read.
  public func open() throws -> any ByteSource {
    ShardSource(header: header, rest: try FileBlob(file, size: range.upperBound).open(at: range.lowerBound))
  }
}

/// Finds the header and the first record boundaries at or after two offsets.
private struct BoundaryFinder {
  private let size: UInt64
  private let index: UInt64
  private let count: UInt64
  private var cursor: CSVCursor
  private var offset: UInt64 = 0
  private var isInHeader: Bool
  private var bounds: (lower: UInt64, upper: UInt64) = (0, 0)
  private var lower: UInt64?
  private var upper: UInt64?
  private(set) var header: [UInt8] = []

  /// Maximum bytes of the header.
  private static let limit = 16 << 20

  init(size: UInt64, index: UInt64, count: UInt64, dialect: CSVDialect, hasHeader: Bool) {
    self.size = size
    self.index = index
    self.count = count
    cursor = CSVCursor(dialect)
    isInHeader = true
    if !hasHeader {
      end(header: 0)
      pass(0)
    }
  }

  var range: Range<UInt64> {
    let end = isInHeader ? offset : size
    let start = min(lower ?? end, end)
    return start..<max(start, index + 1 == count ? size : min(upper ?? size, size))
  }

  mutating func read(_ chunk: UnsafeBufferPointer<UInt8>) throws {
    var cursor = cursor
    var start: Int?
    cursor.forEachEnd(in: chunk) { place in
      if isInHeader {
        header.append(contentsOf: chunk[(start ?? 0)..<place])
        start = place
        guard !isEmpty(header) else { return true }
        end(header: offset + UInt64(place))
      }
      pass(offset + UInt64(place))
      return true
    }
    self.cursor = cursor
    offset += UInt64(chunk.count)
    guard isInHeader else { return }
    header.append(contentsOf: chunk[(start ?? 0)...])
    guard header.count <= BoundaryFinder.limit else {
      throw ModelError(.badRows, "line 1", reason: "a header of more than \(BoundaryFinder.limit) bytes")
    }
  }

  /// Whether there are only empty lines, which are no header.
  private func isEmpty(_ bytes: [UInt8]) -> Bool {
    bytes.dropFirst(bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0).allSatisfy { $0 == 10 || $0 == 13 }
  }

  /// A record ends here.
  private mutating func pass(_ place: UInt64) {
    if lower == nil, place >= bounds.lower { lower = place }
    if upper == nil, place >= bounds.upper { upper = place }
  }

  private mutating func end(header place: UInt64) {
    isInHeader = false
    let rest = size - min(place, size)
    // Avoids the product of both, which may overflow.
    func bound(_ part: UInt64) -> UInt64 { place + rest / count * part + rest % count * part / count }
    bounds = (bound(index), bound(index + 1))
  }
}

private final class ShardSource: ByteSource {
  private let header: [UInt8]
  private var done = 0
  private let rest: any ByteSource

  init(header: [UInt8], rest: any ByteSource) {
    self.header = header
    self.rest = rest
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = min(buffer.count, header.count - done)
    guard count > 0 else { return try rest.read(into: buffer) }
    buffer.copyBytes(from: header[done..<(done + count)])
    done += count
    return count
  }
}
