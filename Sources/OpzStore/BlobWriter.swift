internal import CLinux
public import OpzIO
public import OpzOCI
import SystemPackage

/// A blob on its way into an OCI layout. Nothing is visible until `commit`; a writer that goes away removes its file.
public final class BlobWriter: ByteSink {
  private let store: LayoutStore
  private let new: NewFile
  private var hasher: DigestHasher?
  private let algorithm: Digest.Algorithm
  private var written: UInt64 = 0
  private var flushed: UInt64 = 0

  /// The disk is told to begin with what is there at every so many bytes, so that the sync at the end is short.
  private static let flushInterval: UInt64 = 8 << 20

  init(store: LayoutStore, algorithm: Digest.Algorithm) throws {
    self.store = store
    self.algorithm = algorithm
    hasher = DigestHasher(algorithm)
    new = try NewFile(in: store.root.appending("blobs").appending(algorithm.rawValue))
  }

  /// For a producer that hashes the bytes itself: they are hashed once, there.
  public func trustProducersDigest() { hasher = nil }

  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    do {
      try new.file.write(bytes)
    } catch let failure as IOFailure where failure.errno == IOFailure.diskFull {
      throw StoreError(
        .noSpace, store.root.string, "the disk is full after \(written) bytes of a blob",
        hint: "free some space, or name another directory with --registry DIR")
    }
    hasher?.update(bytes)
    written &+= UInt64(bytes.count)
    if written &- flushed >= BlobWriter.flushInterval {
      sync_file_range(new.file.descriptor, off_t(flushed), off_t(written &- flushed), UInt32(OPZ_SYNC_FILE_RANGE_WRITE))
      flushed = written
    }
  }

  /// Makes the blob durable under its name, if it is what the descriptor says.
  public func commit(as descriptor: Descriptor) throws {
    try Verification.check(hasher?.finish() ?? descriptor.digest, written, against: descriptor)
    try publish(descriptor.digest)
  }

  /// Makes the blob durable under the digest that its bytes have.
  public func commit(_ mediaType: MediaType) throws -> Descriptor {
    guard let hasher else {
      throw StoreError(.wrongDigest, store.root.string, "the producer of the blob did not say its digest")
    }
    let descriptor = Descriptor(mediaType: mediaType, digest: hasher.finish(), size: written)
    try publish(descriptor.digest)
    return descriptor
  }

  private func publish(_ digest: Digest) throws {
    if let waiting = store.waiting, written <= WaitingBlobs.limit {
      waiting.add(digest, written, new)
      if waiting.isFull { try store.settle() }
      return
    }
    defer { if written >= LayoutStore.costlySize { store.settle(digest) } }
    let destination = store.path(of: digest)
    if try new.publish(at: destination, mode: 0o444) { return }
    // Another writer was first. Its bytes have the same digest, unless the disk has lost some: then ours take their place.
    guard try FileStatus.of(destination).size != written else { return }
    try Durable.remove(destination)
    _ = try new.publish(at: destination, mode: 0o444)
  }
}
