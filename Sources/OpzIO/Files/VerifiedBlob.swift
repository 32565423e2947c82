/// A blob whose bytes are compared with a digest. Who reads it to its end gets the last byte only after that.
///
/// To open it at an offset, everything before is read too.
public struct VerifiedBlob: Blob {
  private let content: any Blob
  private let digest: Digest
  private let failure: @Sendable () -> any Error

  /// - Parameter failure: what is thrown for bytes that have another digest.
  public init(_ content: any Blob, digest: Digest, otherwise failure: @escaping @Sendable () -> any Error) {
    self.content = content
    self.digest = digest
    self.failure = failure
  }

  public var size: UInt64 { content.size }

  public func open(at offset: UInt64) throws -> any ByteSource {
    let source = VerifiedSource(try content.open(at: 0), size, digest, failure)
    try source.skip(min(offset, size))
    return source
  }
}

private final class VerifiedSource: ByteSource {
  private let source: any ByteSource
  private let digest: Digest
  private let failure: @Sendable () -> any Error
  private var hasher: DigestHasher
  private var left: UInt64
  private var isVerified = false

  init(_ source: any ByteSource, _ size: UInt64, _ digest: Digest, _ failure: @escaping @Sendable () -> any Error) {
    self.source = source
    self.digest = digest
    self.failure = failure
    hasher = DigestHasher(digest.algorithm)
    left = size
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
    guard hasher.finish() == digest else { throw failure() }
    isVerified = true
  }
}
