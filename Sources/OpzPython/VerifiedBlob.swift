import OpzIO

/// A file of a wheel whose bytes are compared with RECORD's digest. Who reads it to its end gets the last byte only after that.
///
/// To open it at an offset, everything before is read too.
struct VerifiedBlob: Blob {
  let content: any Blob
  let digest: Digest
  /// The file, for errors.
  let subject: String

  var size: UInt64 { content.size }

  func open(at offset: UInt64) throws -> any ByteSource {
    let source = VerifiedSource(try content.open(at: 0), self)
    try source.skip(min(offset, size))
    return source
  }
}

private final class VerifiedSource: ByteSource {
  private let source: any ByteSource
  private let blob: VerifiedBlob
  private var hasher: DigestHasher
  private var left: UInt64
  private var isVerified = false

  init(_ source: any ByteSource, _ blob: VerifiedBlob) {
    self.source = source
    self.blob = blob
    hasher = DigestHasher(blob.digest.algorithm)
    left = blob.size
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard !buffer.isEmpty else { return 0 }
    let count = try source.read(into: buffer)
    hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    left -= min(left, UInt64(count))
    if left == 0 || count == 0 { try verify() }
    return count
  }

  func skip(_ count: UInt64) throws {
    guard count > 0 else { return }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(min(count, 1 << 17)), alignment: 16)
    defer { buffer.deallocate() }
    var rest = count
    while rest > 0 {
      let wanted = Int(min(UInt64(buffer.count), rest))
      let got = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
      if got == 0 { return }
      rest -= UInt64(got)
    }
  }

  private func verify() throws {
    guard !isVerified else { return }
    guard hasher.finish() == blob.digest else {
      throw PythonError(
        .wrongDigest, blob.subject, "its bytes do not have the digest in RECORD, \(blob.digest)",
        hint: "the wheel was changed after it was built: get it again, or another one")
    }
    isVerified = true
  }
}
