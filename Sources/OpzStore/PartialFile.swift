internal import CLinux
package import OpzIO
package import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file that is being fetched, with the digest of what is there so far. Only one process has it at a time: the kernel's lock on
/// the file itself says which.
package final class PartialFile {
  package let file: OpenFile
  /// Bytes; no more are taken.
  package let limit: UInt64
  package private(set) var size: UInt64 = 0
  private let algorithm: Digest.Algorithm
  private var hasher: DigestHasher
  private var flushed: UInt64 = 0

  /// The disk is told to begin with what is there at every so many bytes, so that the sync at the end is short.
  private static let flushInterval: UInt64 = 8 << 20

  /// Opens what an earlier try left, and reads it; what is over the limit is of another file and goes.
  package init(_ path: FilePath, limit: UInt64, algorithm: Digest.Algorithm = .sha256) throws {
    self.limit = limit
    self.algorithm = algorithm
    hasher = DigestHasher(algorithm)
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
  package func append(_ bytes: UnsafeRawBufferPointer) throws -> Bool {
    guard UInt64(bytes.count) <= limit - size else { return false }
    try file.write(bytes)
    hasher.update(bytes)
    size += UInt64(bytes.count)
    if size - flushed >= PartialFile.flushInterval {
      sync_file_range(file.descriptor, off_t(flushed), off_t(size - flushed), UInt32(OPZ_SYNC_FILE_RANGE_WRITE))
      flushed = size
    }
    return true
  }

  /// Forgets all bytes.
  package func restart() throws {
    try truncate()
    size = 0
    flushed = 0
    hasher = DigestHasher(algorithm)
  }

  private func truncate() throws {
    guard ftruncate(file.descriptor, 0) == 0, lseek(file.descriptor, 0, SEEK_SET) == 0 else {
      throw IOFailure.last("truncate", file.path)
    }
  }

  package var digest: Digest { hasher.finish() }
}
