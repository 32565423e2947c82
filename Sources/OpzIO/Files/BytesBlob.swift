/// A blob in memory.
public struct BytesBlob: Blob {
  public let content: [UInt8]

  /// Wraps bytes that are already in memory.
  public init(_ content: [UInt8]) { self.content = content }

  public var size: UInt64 { UInt64(content.count) }

  /// Opens the bytes at an offset; one past the end gives an empty source. Never throws.
  public func open(at offset: UInt64) throws -> any ByteSource {
    BytesSource(content[Int(min(offset, size))...])
  }
}

private final class BytesSource: ByteSource {
  private var rest: ArraySlice<UInt8>

  init(_ rest: ArraySlice<UInt8>) { self.rest = rest }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = min(buffer.count, rest.count)
    buffer.copyBytes(from: rest.prefix(count))
    rest = rest.dropFirst(count)
    return count
  }
}
