import NIOCore
import OpzIO
import OpzOCI
import SystemPackage

/// A blob on its way in: a file that grows. Whoever has taken it from `Uploads` has it alone.
final class Upload: @unchecked Sendable {
  let id: UploadID
  let path: FilePath
  private(set) var size: UInt64
  private let file: OpenFile
  /// The digest so far; nil for an upload of before the hub was started anew, whose bytes are read again at its end.
  private var hasher: DigestHasher?

  /// - Parameter isNew: false for one of before the hub's start.
  init(_ id: UploadID, at path: FilePath, isNew: Bool) throws {
    self.id = id
    self.path = path
    file = isNew ? try OpenFile.creating(path, mode: 0o600) : try OpenFile.appending(path)
    size = isNew ? 0 : try file.status().size
    hasher = isNew ? DigestHasher(.sha256) : nil
  }

  func write(_ piece: ByteBuffer) throws {
    try piece.withUnsafeReadableBytes { bytes in
      try file.write(bytes)
      hasher?.update(bytes)
      size &+= UInt64(bytes.count)
    }
  }

  /// Makes what is there durable.
  func sync() throws { try file.sync() }

  /// The digest of all bytes.
  func digest(_ algorithm: Digest.Algorithm) throws -> Digest {
    if algorithm == .sha256, let hasher { return hasher.finish() }
    var hasher = DigestHasher(algorithm)
    try FileBlob(path, size: size).forEachChunk { hasher.update($0) }
    return hasher.finish()
  }
}
