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

  /// What is remembered of an upload that no request uses. Its file is closed: there may be more uploads than a process may have files.
  struct Rest: Sendable {
    let size: UInt64
    let hasher: DigestHasher?
    let since = ContinuousClock.now
  }

  /// A new one.
  init(new id: UploadID, at path: FilePath) throws {
    self.id = id
    self.path = path
    file = try OpenFile.creating(path, mode: 0o600)
    size = 0
    hasher = DigestHasher(.sha256)
  }

  /// One that is gone on with.
  init(_ id: UploadID, at path: FilePath, _ rest: Rest?) throws {
    self.id = id
    self.path = path
    file = try OpenFile.appending(path)
    // A write that failed may have left a part of a piece.
    size = try file.status().size
    hasher = rest?.size == size ? rest?.hasher : nil
  }

  var rest: Rest { Rest(size: size, hasher: hasher) }

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
