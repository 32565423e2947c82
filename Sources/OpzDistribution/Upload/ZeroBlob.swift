import OpzIO

/// A blob of `size` zero bytes.
struct ZeroBlob: Blob {
  let size: UInt64

  func open(at offset: UInt64) throws -> any ByteSource { Source(left: size - min(offset, size)) }

  private final class Source: ByteSource {
    private var left: UInt64

    init(left: UInt64) { self.left = left }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
      let count = Int(min(UInt64(buffer.count), left))
      UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]).initializeMemory(as: UInt8.self, repeating: 0)
      left -= UInt64(count)
      return count
    }
  }
}
