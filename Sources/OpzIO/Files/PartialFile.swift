internal import CLinux
package import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file that is being fetched, with the digest of its bytes so far. The kernel's lock on the file keeps other
/// processes from using it at the same time.
package final class PartialFile {
  private let locked: LockedFile
  package var file: OpenFile { _read { yield locked.file } }
  /// The most bytes that the file may have.
  package let limit: UInt64
  package private(set) var size: UInt64 = 0
  private let algorithm: Digest.Algorithm
  private var hasher: DigestHasher
  private var flushed: UInt64 = 0

  /// The kernel is told to start writing to the disk every 8 MiB, so that the final sync is short.
  private static let flushInterval: UInt64 = 8 << 20

  /// Opens and hashes what an earlier attempt left, waiting for the lock. A file over the limit belongs to something
  /// else and is emptied.
  package init(_ path: FilePath, limit: UInt64, algorithm: Digest.Algorithm = .sha256) throws {
    self.limit = limit
    self.algorithm = algorithm
    hasher = DigestHasher(algorithm)
    guard let taken = try LockedFile.take(path, waits: true) else { throw IOFailure("it is locked", path: path) }
    locked = taken
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

  /// Appends bytes; false, with nothing changed, when they exceed the limit.
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

  /// Discards all bytes.
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
