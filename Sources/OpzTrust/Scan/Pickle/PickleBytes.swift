import OpzIO

/// Reads a blob's bytes forward.
struct PickleBytes {
  private let blob: any Blob
  private var source: any ByteSource
  private var buffer: [UInt8] = []
  private var index = 0
  /// The offset of the next byte in the blob.
  private(set) var offset: UInt64

  private let window: Int

  init(_ blob: any Blob, at offset: UInt64, window: Int = 1 << 16) throws {
    self.blob = blob
    self.window = window
    self.offset = offset
    source = try blob.open(at: offset)
  }

  var remaining: UInt64 { blob.size > offset ? blob.size - offset : 0 }

  /// A separate reader at the same offset, with a small buffer: often only a few bytes are read.
  func copy() throws -> PickleBytes { try PickleBytes(blob, at: offset, window: 1 << 12) }

  mutating func peek() throws -> UInt8? {
    if index == buffer.count { try refill() }
    return index < buffer.count ? buffer[index] : nil
  }

  mutating func byte() throws -> UInt8? {
    guard let byte = try peek() else { return nil }
    index += 1
    offset &+= 1
    return byte
  }

  /// Reads exactly `count` bytes, at most 1 MiB; nil if there are fewer.
  mutating func bytes(_ count: Int) throws -> [UInt8]? {
    guard count >= 0, count <= 1 << 20, UInt64(count) <= remaining else { return nil }
    var found: [UInt8] = []
    found.reserveCapacity(count)
    while found.count < count {
      if index == buffer.count { try refill() }
      guard index < buffer.count else { return nil }
      let piece = min(count - found.count, buffer.count - index)
      found += buffer[index..<(index + piece)]
      index += piece
      offset &+= UInt64(piece)
    }
    return found
  }

  /// Reads a little-endian number of up to 8 bytes.
  mutating func number(_ width: Int) throws -> UInt64? {
    try bytes(width)?.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Skips bytes. False if there are fewer.
  mutating func skip(_ count: UInt64) throws -> Bool {
    guard count <= remaining else { return false }
    if count <= UInt64(buffer.count - index) {
      index += Int(count)
      offset &+= count
      return true
    }
    offset &+= count
    source = try blob.open(at: offset)
    (buffer, index) = ([], 0)
    return true
  }

  /// Reads a line without its last byte and returns up to 65,536 bytes of it, more than any name has. Nil at the end of
  /// the bytes.
  ///
  /// The last byte is the newline. If the bytes end before one, the unpicklers still drop the last byte and use the
  /// rest.
  mutating func line() throws -> [UInt8]? {
    var found: [UInt8] = []
    while let byte = try byte() {
      if byte == UInt8(ascii: "\n") { return found }
      if found.count < 1 << 16 { found.append(byte) }
    }
    return found.popLast() == nil ? nil : found
  }

  private mutating func refill() throws {
    index = 0
    if buffer.count != window { buffer = [UInt8](repeating: 0, count: window) }
    let count = try buffer.withUnsafeMutableBytes { try source.read(into: $0) }
    buffer.removeLast(buffer.count - count)
  }
}
