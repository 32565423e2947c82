internal import CLinux
public import OpzIO
public import OpzOCI
import SystemPackage

/// Writes a blob into an OCI layout. Nothing is visible until `commit`; a writer that is released before removes its
/// file. Not safe to share between threads.
public final class BlobWriter: ByteSink {
  private let store: LayoutStore
  private let new: NewFile
  private var hasher: DigestHasher?
  private let algorithm: Digest.Algorithm
  private var written: UInt64 = 0
  private var flushed: UInt64 = 0

  /// The kernel is told to start writing to the disk every 8 MiB, so that the final sync is short.
  private static let flushInterval: UInt64 = 8 << 20

  init(store: LayoutStore, algorithm: Digest.Algorithm) throws {
    self.store = store
    self.algorithm = algorithm
    hasher = DigestHasher(algorithm)
    new = try NewFile(in: store.root.appending("blobs").appending(algorithm.rawValue))
  }

  /// Stops hashing here, for a producer that hashes the bytes itself; `commit(as:)` then trusts its digest. Call it
  /// before the first write.
  public func trustProducersDigest() { hasher = nil }

  /// Appends bytes to the blob.
  /// - Throws: `StoreError` with code `noSpace` when the disk is full, or `IOFailure`.
  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    do {
      try new.file.write(bytes)
    } catch let failure as IOFailure where failure.errno == IOFailure.diskFull {
      throw StoreError(
        .noSpace, store.root.string, reason: "the disk is full after \(written) bytes of a blob",
        hint: "free some space, or name another directory with --registry DIR")
    }
    hasher?.update(bytes)
    written &+= UInt64(bytes.count)
    if written &- flushed >= BlobWriter.flushInterval {
      sync_file_range(new.file.descriptor, off_t(flushed), off_t(written &- flushed), UInt32(OPZ_SYNC_FILE_RANGE_WRITE))
      flushed = written
    }
  }

  /// Publishes the blob durably, if its size and digest match the descriptor.
  /// - Throws: `StoreError` with code `wrongSize` or `wrongDigest`, or `IOFailure`.
  public func commit(as descriptor: Descriptor) throws {
    try Verification.check(hasher?.finish() ?? descriptor.digest, written, against: descriptor)
    try publish(descriptor.digest)
  }

  /// Publishes the blob durably under the digest of its bytes.
  /// - Throws: `StoreError` with code `wrongDigest` when the writer does not hash, or `IOFailure`.
  public func commit(_ mediaType: MediaType) throws -> Descriptor {
    guard let hasher else {
      throw StoreError(.wrongDigest, store.root.string, reason: "the producer of the blob did not give its digest")
    }
    let descriptor = Descriptor(mediaType: mediaType, digest: hasher.finish(), size: written)
    try publish(descriptor.digest)
    return descriptor
  }

  private func publish(_ digest: Digest) throws {
    if let pending = store.pending, written <= PendingBlobs.limit {
      pending.add(digest, written, file: new)
      if pending.isFull { try store.flush() }
      return
    }
    defer { if written >= LayoutStore.expensiveSize { store.removePartial(digest) } }
    let destination = store.path(of: digest)
    if try new.publish(at: destination, mode: 0o444) { return }
    // Another writer published it first, with the same digest. If that file has another size it is damaged, and is
    // replaced.
    guard try FileStatus.of(destination).size != written else { return }
    try Durable.remove(destination)
    _ = try new.publish(at: destination, mode: 0o444)
  }
}
