import OpzIO
import OpzOCI
import SystemPackage

extension LayoutStore {
  /// From this size in bytes on, the fetch of a costly blob can be resumed by another process.
  static let expensiveSize: UInt64 = 16 << 20

  /// Fetches a blob from a network peer. A fetch that breaks off leaves its bytes under a temporary name that
  /// `opz gc` recognizes, and the next one resumes it; two processes that want the same blob fetch it once. It
  /// blocks.
  func fetch(_ descriptor: Descriptor, from blob: any Blob) throws {
    let place = path(of: descriptor.digest)
    let directory = place.removingLastComponent()
    try Durable.makeDirectory(directory)
    let name = partialPath(of: descriptor.digest)
    let partial = try PartialFile(name, limit: descriptor.size, algorithm: descriptor.digest.algorithm)
    // Another process may have fetched it while this one waited.
    if try has(descriptor) { return try Durable.remove(name) }
    do {
      try FreeSpace.require(descriptor.size - partial.size, at: directory)
      try receive(blob, into: partial)
      try Verification.check(partial.digest, partial.size, against: descriptor)
    } catch let error as any ExplainedError where error.category == .verification || error is StoreError {
      // Bytes that are not the blob, or that do not fit on the disk, are useless to resume from.
      try? Durable.remove(name)
      throw error
    }
    try partial.file.setMode(0o444)
    try partial.file.sync()
    try Durable.publish(name, at: place)
  }

  private func partialPath(of digest: Digest) -> FilePath {
    path(of: digest).removingLastComponent().appending("\(Durable.temporaryPrefix)part-\(digest.hex)")
  }

  /// Removes what an interrupted fetch left, because the blob is complete now. A running fetch holds the lock, so its
  /// file stays.
  func removePartial(_ digest: Digest) { LockedFile.removeUnused(partialPath(of: digest)) }

  private func receive(_ blob: any Blob, into partial: PartialFile) throws {
    if partial.size == blob.size { return }
    let source = try blob.open(at: partial.size)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
    defer { buffer.deallocate() }
    while true {
      let count = try source.read(into: buffer)
      if count == 0 { return }
      do {
        guard try partial.append(UnsafeRawBufferPointer(rebasing: buffer[..<count])) else {
          throw StoreError(
            .wrongSize, root.string, reason: "the response has more than the blob's \(partial.limit) bytes")
        }
      } catch let failure as IOFailure where failure.errno == IOFailure.diskFull {
        throw StoreError(
          .noSpace, root.string, reason: "the disk is full after \(partial.size) bytes of a blob",
          hint: "free some space, or name another directory with --registry DIR")
      }
    }
  }
}
