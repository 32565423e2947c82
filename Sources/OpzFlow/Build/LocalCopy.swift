import OpzIO
import SystemPackage

/// A file of this machine that a lock names by its digest, copied into the registry's cache.
struct LocalCopy: Sendable {
  private let source: FilePath
  private let digest: Digest
  private let noun: String
  private let missing: String
  private let hint: String

  /// - Parameters:
  ///   - noun: what it is, `wheel`.
  ///   - missing: what to say where it does not exist.
  ///   - hint: what to do then.
  init(_ source: FilePath, digest: Digest, noun: String, missing: String, hint: String) {
    (self.source, self.digest, self.noun, self.missing, self.hint) = (source, digest, noun, missing, hint)
  }

  /// Copies the file unless it was copied before. It blocks.
  /// - Throws: `FlowError` of category `notFound`, or `verification` for another digest.
  func take(to path: FilePath) throws {
    if try FileStatus.find(path) != nil { return }
    guard let status = try FileStatus.find(source) else {
      throw FlowError(.notFound, source.string, reason: missing, hint: hint)
    }
    guard status.kind == .file else {
      throw FlowError(
        .failed, source.string, reason: "the lock lists it as a \(noun), but it is not a regular file")
    }
    try Durable.makeDirectory(path.removingLastComponent())
    let new = try NewFile(in: path.removingLastComponent())
    var hasher = DigestHasher(.sha256)
    try FileBlob(source).forEachChunk { bytes in
      hasher.update(bytes)
      try new.file.write(bytes)
    }
    let found = hasher.finish()
    guard found == digest else {
      throw FlowError(
        .verification, source.string, reason: "the \(noun) has the digest \(found), but \(digest) is locked",
        hint: "opz lock --update pins the new one")
    }
    _ = try new.publish(at: path, mode: 0o444)
  }
}
