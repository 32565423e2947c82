internal import CZlib
import OpzIO

/// The content of a member of a zip file.
struct ZipContent: Blob {
  let archive: any Blob
  let entry: ZipEntry
  let archiveName: String

  var size: UInt64 { entry.size }

  func open(at offset: UInt64) throws -> any ByteSource {
    let subject = MemberSubject(archive: archiveName, name: entry.path)
    let stored = try StoredSource(archive, at: entry.dataOffset, entry.compressedSize, subject: subject)
    let source = CheckedSource(
      entry.method == .stored ? stored : try InflatingSource(stored, subject), entry, subject: subject)
    try source.skip(min(offset, size))
    return source
  }
}

/// Content whose size and CRC-32 are checked before its last byte is returned.
private final class CheckedSource: ByteSource {
  private let source: any ByteSource
  private let entry: ZipEntry
  private let subject: MemberSubject
  private var produced: UInt64 = 0
  private var checksum: UInt = 0
  private var isFinished = false

  init(_ source: any ByteSource, _ entry: ZipEntry, subject: MemberSubject) {
    self.source = source
    self.entry = entry
    self.subject = subject
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard !buffer.isEmpty else { return 0 }
    let wanted = Int(min(UInt64(buffer.count), entry.size - produced))
    guard wanted > 0 else {
      if !isFinished { try finish() }
      return 0
    }
    let count = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
    guard count > 0 else {
      throw subject.refuse(.malformed, "its content ends after \(produced) of \(entry.size) bytes")
    }
    checksum = crc32_z(checksum, buffer.baseAddress?.assumingMemoryBound(to: Bytef.self), count)
    produced += UInt64(count)
    if produced == entry.size { try finish() }
    return count
  }

  /// Reads and checks `count` bytes, which must not exceed the content.
  func skip(_ count: UInt64) throws {
    guard count > 0 else { return }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(min(count, 1 << 17)), alignment: 16)
    defer { buffer.deallocate() }
    while produced < count {
      let wanted = Int(min(UInt64(buffer.count), count - produced))
      _ = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
    }
  }

  private func finish() throws {
    let beyond = try withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { try source.read(into: $0) }
    guard beyond == 0 else {
      throw subject.refuse(.malformed, "its content is longer than the \(entry.size) bytes that its header states")
    }
    guard checksum == UInt(entry.crc32) else {
      throw subject.refuse(.malformed, "its content does not match its CRC-32")
    }
    isFinished = true
  }
}

/// The bytes of a member as stored in the archive.
private final class StoredSource: ByteSource {
  private let source: any ByteSource
  private let subject: MemberSubject
  private(set) var left: UInt64

  init(_ archive: any Blob, at offset: UInt64, _ count: UInt64, subject: MemberSubject) throws {
    source = try archive.open(at: offset)
    left = count
    self.subject = subject
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let wanted = Int(min(UInt64(buffer.count), left))
    guard wanted > 0 else { return 0 }
    let count = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
    guard count > 0 else { throw subject.refuse(.changed, "the archive shrank while it was read") }
    left -= UInt64(count)
    return count
  }
}

/// A raw deflate stream (RFC 1951) that must end where its bytes end.
private final class InflatingSource: ByteSource {
  private let source: StoredSource
  private let subject: MemberSubject
  // zlib keeps the stream's address, so it must not move.
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
  private var isAtEnd = false

  init(_ source: StoredSource, _ subject: MemberSubject) throws {
    self.source = source
    self.subject = subject
    stream.initialize(to: z_stream())
    guard opz_inflate_init_raw(stream) == Z_OK else { throw subject.refuse(.unsupported, "zlib is out of memory") }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    input.deallocate()
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    // zlib counts in 32 bits.
    let wanted = min(buffer.count, 1 << 30)
    stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: Bytef.self)
    stream.pointee.avail_out = uInt(wanted)
    while wanted > 0, !isAtEnd {
      let hasMore = try refill()
      let result = inflate(stream, Z_NO_FLUSH)
      let count = wanted - Int(stream.pointee.avail_out)
      switch result {
      case Z_STREAM_END:
        try end()
        return count
      case Z_OK, Z_BUF_ERROR:
        if count > 0 { return count }
        guard hasMore else { throw subject.refuse(.malformed, "its compressed data are cut short") }
      default:
        throw subject.refuse(.malformed, "its compressed data are damaged")
      }
    }
    return 0
  }

  /// Refills the input if it is used up; false when there is none left.
  private func refill() throws -> Bool {
    guard stream.pointee.avail_in == 0 else { return true }
    let count = try source.read(into: input)
    stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: Bytef.self)
    stream.pointee.avail_in = uInt(count)
    return count > 0
  }

  private func end() throws {
    let left = source.left + UInt64(stream.pointee.avail_in)
    guard left == 0 else { throw subject.refuse(.malformed, "\(left) bytes follow its compressed data") }
    isAtEnd = true
  }
}
