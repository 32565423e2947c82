/// Bytes of known size that can be opened at any offset, with the same content every time.
///
/// A resumed upload opens the blob again in the middle; a checksum opens it from the start.
public protocol Blob: Sendable {
  /// The size in bytes.
  var size: UInt64 { get }

  /// Whether reading the bytes again costs more than caching what was computed from them, as for content on a remote
  /// peer.
  var isExpensiveToReread: Bool { get }

  /// Opens a source that starts at `offset`, a byte offset of at most `size`.
  ///
  /// It may block: call it on a dedicated thread (`blocking`), not on Swift's cooperative pool.
  /// - Returns: a new source at that offset.
  /// - Throws: the blob's own error when the content cannot be opened, such as an `IOFailure` for a file.
  func open(at offset: UInt64) throws -> any ByteSource
}

/// A stream of bytes that its reader pulls. Not safe to share between threads.
public protocol ByteSource: AnyObject {
  /// Reads up to `buffer.count` bytes. It may block.
  /// - Returns: how many bytes were read; 0 only at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

/// A destination for bytes that arrive in order.
public protocol ByteSink {
  /// Writes the whole buffer. The bytes are valid only during the call.
  mutating func write(_ bytes: UnsafeRawBufferPointer) throws
}

extension ByteSink {
  /// Writes all of `bytes`.
  public mutating func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try write($0) }
  }
}

extension Blob {
  /// False, as for local files and memory.
  public var isExpensiveToReread: Bool { false }

  /// Reads the blob from its start and passes each piece to `body`. It blocks.
  /// - Parameters:
  ///   - chunk: the size of a piece in bytes, at most.
  ///   - body: receives the pieces in order; the buffer is valid only during the call.
  /// - Throws: what `open`, the source or `body` throws.
  public func forEachChunk(of chunk: Int = 1 << 20, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let source = try open(at: 0)
    // A local registry has hundreds of thousands of blobs of some hundred bytes: allocating a large buffer for each
    // would cost more than reading it.
    let chunk = Int(min(UInt64(chunk), max(size, 4096)))
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk, alignment: 4096)
    defer { buffer.deallocate() }
    while true {
      let count = try source.read(into: buffer)
      if count == 0 { return }
      try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }

  /// Returns all bytes in memory: for small blobs only.
  public func bytes() throws -> [UInt8] {
    var all: [UInt8] = []
    all.reserveCapacity(Int(min(size, 1 << 20)))
    try forEachChunk { all.append(contentsOf: $0) }
    return all
  }
}
