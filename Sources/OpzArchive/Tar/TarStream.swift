import OpzIO

/// A source that can skip bytes faster than by reading them.
protocol SkippingSource: ByteSource {
  /// Skips `count` bytes; false, with nothing changed, when there are fewer.
  func skip(_ count: UInt64) throws -> Bool
}

/// The bytes of a tar, buffered, with their offset and optionally their digest.
final class TarStream {
  private let source: any ByteSource
  private let name: String
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 4096)
  private var start = 0
  private var end = 0
  private var hasher: DigestHasher?
  /// How many bytes were consumed so far.
  private(set) var offset: UInt64 = 0

  init(_ source: any ByteSource, name: String) {
    self.source = source
    self.name = name
  }

  deinit { buffer.deallocate() }

  /// Hashes every byte from now on, including skipped ones. Call it before the first read.
  func beginHashing() { hasher = DigestHasher(.sha256) }

  /// The digest of all bytes so far, if hashing is on.
  var digest: Digest? { hasher?.finish() }

  /// Reads up to the buffer's size; returns 0 only at the end.
  func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
    if target.isEmpty { return 0 }
    let count: Int
    if start == end, target.count >= buffer.count {
      count = try source.read(into: target)
    } else {
      if start == end { try refill() }
      count = min(target.count, end - start)
      target.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[start..<(start + count)]))
      start += count
    }
    hasher?.update(UnsafeRawBufferPointer(rebasing: target[..<count]))
    offset += UInt64(count)
    return count
  }

  /// Reads exactly `count` bytes; nil at the end.
  /// - Throws: `ArchiveError` when there are some, but fewer.
  func bytes(_ count: Int) throws -> [UInt8]? {
    var got = 0
    let bytes = try [UInt8](unsafeUninitializedCapacity: count) { space, used in
      while got < count {
        let piece = try read(
          into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(space)[got...]))
        if piece == 0 { break }
        got += piece
      }
      used = got
    }
    if got == 0, count > 0 { return nil }
    guard got == count else { throw cut() }
    return bytes
  }

  /// Skips `count` bytes.
  func skip(_ count: UInt64) throws {
    var rest = count
    if hasher == nil, rest > UInt64(end - start), let skipping = source as? any SkippingSource {
      let beyond = rest - UInt64(end - start)
      start = end
      guard try skipping.skip(beyond) else { throw cut() }
      offset += count
      return
    }
    while rest > 0 {
      if start == end { try refill() }
      if start == end { throw cut() }
      let piece = Int(min(rest, UInt64(end - start)))
      hasher?.update(UnsafeRawBufferPointer(rebasing: buffer[start..<(start + piece)]))
      start += piece
      offset += UInt64(piece)
      rest -= UInt64(piece)
    }
  }

  /// Reads to the end, which completes the digest.
  func drain() throws {
    repeat {
      hasher?.update(UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
      offset += UInt64(end - start)
      start = end
      try refill()
    } while end > 0
  }

  func cut() -> ArchiveError { ArchiveError(.malformed, name, reason: "the tar is cut short at byte \(offset)") }

  private func refill() throws {
    start = 0
    end = 0
    end = try source.read(into: buffer)
  }
}
