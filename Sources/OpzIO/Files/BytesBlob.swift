/// A blob in memory.
public struct BytesBlob: Blob {
  public let content: [UInt8]

  public init(_ content: [UInt8]) { self.content = content }

  public var size: UInt64 { UInt64(content.count) }

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
