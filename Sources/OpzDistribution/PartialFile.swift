import OpzIO
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file that is being fetched, with the digest of what is there so far. Only one process has it at a time: the kernel's lock on
/// the file itself says which.
final class PartialFile {
  let file: OpenFile
  /// Bytes; no more are taken.
  let limit: UInt64
  private(set) var size: UInt64 = 0
  private var hasher = DigestHasher(.sha256)

  /// Opens what an earlier try left, and reads it; what is over the limit is of another file and goes.
  init(_ path: FilePath, limit: UInt64) throws {
    self.limit = limit
    guard let taken = try LockedFile.take(path, waits: true) else { throw IOFailure("it is locked", path: path) }
    file = taken
    let there = try file.status().size
    if there > limit { try truncate() } else { try read(there) }
  }

  private func read(_ count: UInt64) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
    defer { buffer.deallocate() }
    while size < count {
      let piece = try file.read(into: buffer)
      if piece == 0 { break }
      hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<piece]))
      size += UInt64(piece)
    }
  }

  /// Adds bytes; false, and nothing changed, when they are too many.
  func append(_ bytes: UnsafeRawBufferPointer) throws -> Bool {
    guard UInt64(bytes.count) <= limit - size else { return false }
    try file.write(bytes)
    hasher.update(bytes)
    size += UInt64(bytes.count)
    return true
  }

  /// Forgets all bytes.
  func restart() throws {
    try truncate()
    size = 0
    hasher = DigestHasher(.sha256)
  }

  private func truncate() throws {
    guard ftruncate(file.descriptor, 0) == 0, lseek(file.descriptor, 0, SEEK_SET) == 0 else {
      throw IOFailure.last("truncate", file.path)
    }
  }

  var digest: Digest { hasher.finish() }
}
