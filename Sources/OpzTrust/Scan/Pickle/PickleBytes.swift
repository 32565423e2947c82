import OpzIO

/// Bytes of a blob, read forwards.
struct PickleBytes {
  private let blob: any Blob
  private var source: any ByteSource
  private var buffer: [UInt8] = []
  private var index = 0
  /// Of the next byte, in the blob.
  private(set) var offset: UInt64

  private let window: Int

  init(_ blob: any Blob, at offset: UInt64, window: Int = 1 << 16) throws {
    self.blob = blob
    self.window = window
    self.offset = offset
    source = try blob.open(at: offset)
  }

  var remaining: UInt64 { blob.size > offset ? blob.size - offset : 0 }

  /// The same place again, read apart: often only a few bytes.
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

  /// Exactly `count` bytes, at most a megabyte; nil where there are fewer.
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

  /// A little-endian number of up to 8 bytes.
  mutating func number(_ width: Int) throws -> UInt64? {
    try bytes(width)?.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Passes over bytes. False where there are fewer.
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

  /// A line without its last byte, at most its first 65,536 bytes: no name is longer. Nil at the end of the bytes.
  ///
  /// That byte is the line's end. Where the bytes end before it, the unpicklers take off what is last all the same, and call what is left.
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
