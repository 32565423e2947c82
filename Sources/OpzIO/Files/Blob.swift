/// Bytes of a known size that can be opened at any offset, each time the same.
///
/// A resumed upload opens the blob again in the middle; a checksum opens it from the start.
public protocol Blob: Sendable {
  /// Bytes.
  var size: UInt64 { get }

  /// Reading the bytes again costs more than keeping what came of them: a network peer has them.
  var isCostly: Bool { get }

  /// A source that starts at `offset`, at most `size`. It may block; use it on a thread of our own.
  func open(at offset: UInt64) throws -> any ByteSource
}

/// A stream of bytes that the reader pulls. Not shared between threads.
public protocol ByteSource: AnyObject {
  /// Reads up to the buffer's size and says how many; 0 only at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

/// A place that takes bytes in order.
public protocol ByteSink {
  mutating func write(_ bytes: UnsafeRawBufferPointer) throws
}

extension ByteSink {
  public mutating func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try write($0) }
  }
}

extension Blob {
  public var isCostly: Bool { false }

  /// Hands all bytes to `body` in pieces of up to `chunk` bytes.
  public func forEachChunk(of chunk: Int = 1 << 20, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let source = try open(at: 0)
    // A registry has hundreds of thousands of blobs of some hundred bytes: a large buffer for each is more work than reading them.
    let chunk = Int(min(UInt64(chunk), max(size, 4096)))
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk, alignment: 4096)
    defer { buffer.deallocate() }
    while true {
      let count = try source.read(into: buffer)
      if count == 0 { return }
      try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }

  /// All bytes in memory: for small blobs only.
  public func bytes() throws -> [UInt8] {
    var all: [UInt8] = []
    all.reserveCapacity(Int(min(size, 1 << 20)))
    try forEachChunk { all.append(contentsOf: $0) }
    return all
  }
}
