import OpzIO
import Synchronization
import SystemPackage

/// The digests of a layer's files in order, computed while the layer is written, so that each file is read once.
final class FileDigests: Sendable {
  private let found: Mutex<[Digest?]>

  init(count: Int) { found = Mutex(Array(repeating: nil, count: count)) }

  func set(_ digest: Digest, at index: Int) { found.withLock { $0[index] = digest } }

  /// One per entry; nil for an entry that is not a file, or was not read to its end.
  var all: [Digest?] { found.withLock { $0 } }
}

/// A source file that is hashed as it is read.
struct HashedFile: Blob {
  private let content: FileContent
  private let digests: FileDigests
  private let index: Int

  /// - Parameter index: the file's index in its layer.
  init(_ file: SourceFile, at index: Int, _ digests: FileDigests) {
    content = FileContent(file)
    self.digests = digests
    self.index = index
  }

  var size: UInt64 { content.size }

  func open(at offset: UInt64) throws -> any ByteSource {
    let source = try content.open(at: offset)
    guard offset == 0 else { return source }
    return HashingSource(source, size: size) { [digests, index] in digests.set($0, at: index) }
  }
}

private final class HashingSource: ByteSource {
  private let source: any ByteSource
  private var left: UInt64
  private var hasher = DigestHasher(.sha256)
  private let finished: (Digest) -> Void

  init(_ source: any ByteSource, size: UInt64, finished: @escaping (Digest) -> Void) {
    self.source = source
    left = size
    self.finished = finished
    if size == 0 { finished(hasher.finish()) }
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = try source.read(into: buffer)
    guard count > 0 else { return 0 }
    hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    left -= min(left, UInt64(count))
    if left == 0 { finished(hasher.finish()) }
    return count
  }
}
