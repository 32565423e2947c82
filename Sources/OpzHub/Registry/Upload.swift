import NIOCore
import OpzIO
import OpzOCI
import SystemPackage

/// A blob being uploaded to a file. The caller that took it from `Uploads` has exclusive access.
final class Upload: @unchecked Sendable {
  let id: UploadID
  let path: FilePath
  private(set) var size: UInt64
  private let file: OpenFile
  /// Hash of the bytes so far; nil for an upload from an earlier run of the hub, whose bytes are read again at the
  /// end.
  private var hasher: DigestHasher?

  /// The state of an idle upload. Its file is closed, because there may be more uploads than a process may have open
  /// files.
  struct Rest: Sendable {
    let size: UInt64
    let hasher: DigestHasher?
    let since = ContinuousClock.now
  }

  /// Starts a new upload.
  init(new id: UploadID, at path: FilePath) throws {
    self.id = id
    self.path = path
    file = try OpenFile.creating(path, mode: 0o600)
    size = 0
    hasher = DigestHasher(.sha256)
  }

  /// Resumes an upload.
  init(_ id: UploadID, at path: FilePath, _ rest: Rest?) throws {
    self.id = id
    self.path = path
    file = try OpenFile.appending(path)
    // A failed write may have left part of a piece.
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

  /// Flushes the received bytes to disk.
  func sync() throws { try file.sync() }

  /// The digest of all bytes.
  func digest(_ algorithm: Digest.Algorithm) throws -> Digest {
    if algorithm == .sha256, let hasher { return hasher.finish() }
    var hasher = DigestHasher(algorithm)
    try FileBlob(path, size: size).forEachChunk { hasher.update($0) }
    return hasher.finish()
  }
}
