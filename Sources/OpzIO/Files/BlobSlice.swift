/// A byte range of another blob.
public struct BlobSlice: Blob {
  private let whole: any Blob
  private let start: UInt64
  public let size: UInt64

  /// Takes `size` bytes of `whole` from the byte offset `start`.
  /// - Returns: nil when the range exceeds the blob.
  public init?(_ whole: any Blob, from start: UInt64, size: UInt64) {
    let (end, overflow) = start.addingReportingOverflow(size)
    guard !overflow, end <= whole.size else { return nil }
    self.whole = whole
    self.start = start
    self.size = size
  }

  /// Opens the range; `offset` counts from its start.
  /// - Throws: what the whole blob's `open` throws.
  public func open(at offset: UInt64) throws -> any ByteSource {
    let skipped = min(offset, size)
    return SliceSource(try whole.open(at: start + skipped), left: size - skipped)
  }
}

private final class SliceSource: ByteSource {
  private let source: any ByteSource
  private var left: UInt64

  init(_ source: any ByteSource, left: UInt64) {
    self.source = source
    self.left = left
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard left > 0 else { return 0 }
    let wanted = Int(min(UInt64(buffer.count), left))
    let count = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
    left -= UInt64(count)
    return count
  }
}
