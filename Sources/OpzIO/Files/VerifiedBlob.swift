/// A blob whose bytes are verified against a digest: a reader that reads to the end gets the last bytes only after
/// they match.
///
/// Opening it at an offset reads and hashes everything before it too.
public struct VerifiedBlob: Blob {
  private let content: any Blob
  private let digest: Digest
  private let failure: @Sendable () -> any Error

  /// - Parameters:
  ///   - content: the bytes to verify.
  ///   - digest: what they must hash to.
  ///   - failure: makes the error that reading throws when they do not match.
  public init(_ content: any Blob, digest: Digest, otherwise failure: @escaping @Sendable () -> any Error) {
    self.content = content
    self.digest = digest
    self.failure = failure
  }

  public var size: UInt64 { content.size }

  /// Opens the content at a byte offset.
  /// - Throws: what the content's `open` throws, or the given failure when `offset` is the end and the bytes do not
  ///   match.
  public func open(at offset: UInt64) throws -> any ByteSource {
    let source = VerifiedSource(try content.open(at: 0), size, digest: digest, failure: failure)
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

  init(_ source: any ByteSource, _ size: UInt64, digest: Digest, failure: @escaping @Sendable () -> any Error) {
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
