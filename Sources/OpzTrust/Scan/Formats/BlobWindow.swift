import OpzIO

/// Random access to a blob's bytes through a small buffer.
final class BlobWindow {
  private let blob: any Blob
  private var buffer: [UInt8] = []
  private var start: UInt64 = 0

  private static let size = 1 << 16

  /// The requested bytes are beyond the end.
  struct PastEnd: Error, CustomStringConvertible {
    var description: String { "it is cut short" }
  }

  init(_ blob: any Blob) { self.blob = blob }

  var size: UInt64 { blob.size }

  /// A range of the blob, as a blob.
  func part(_ range: Range<UInt64>) throws -> any Blob {
    guard let part = BlobSlice(blob, from: range.lowerBound, size: range.upperBound - range.lowerBound) else {
      throw PastEnd()
    }
    return part
  }

  func byte(at offset: UInt64) throws -> UInt8 {
    if offset < start || offset >= start + UInt64(buffer.count) { try fill(offset) }
    return buffer[Int(offset - start)]
  }

  /// Reads exactly `count` bytes.
  /// - Parameter count: at most 1 MiB.
  func bytes(at offset: UInt64, _ count: Int) throws -> [UInt8] {
    guard count >= 0, count <= 1 << 20 else { throw PastEnd() }
    let (end, overflow) = offset.addingReportingOverflow(UInt64(count))
    guard !overflow, end <= size else { throw PastEnd() }
    if count > BlobWindow.size {
      return try part(offset..<end).bytes()
    }
    guard count > 0 else { return [] }
    if offset < start || end > start + UInt64(buffer.count) { try fill(offset) }
    let index = Int(offset - start)
    return Array(buffer[index..<(index + count)])
  }

  /// A little-endian number of up to 8 bytes.
  func number(at offset: UInt64, _ width: Int) throws -> UInt64 {
    try bytes(at: offset, width).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private func fill(_ offset: UInt64) throws {
    guard offset < size else { throw PastEnd() }
    let source = try blob.open(at: offset)
    let wanted = Int(min(UInt64(BlobWindow.size), size - offset))
    var found = [UInt8](repeating: 0, count: wanted)
    var count = 0
    try found.withUnsafeMutableBytes { all in
      while count < wanted {
        let more = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: all[count...]))
        if more == 0 { break }
        count += more
      }
    }
    guard count == wanted else { throw PastEnd() }
    (buffer, start) = (found, offset)
  }
}
