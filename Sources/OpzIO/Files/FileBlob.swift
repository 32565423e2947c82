public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A blob whose content is a file, or the first `size` bytes of one.
public struct FileBlob: Blob {
  public let path: FilePath
  public let size: UInt64

  /// The first `size` bytes of the file; nothing is opened or checked yet.
  public init(_ path: FilePath, size: UInt64) {
    self.path = path
    self.size = size
  }

  /// The whole file with its current size; later growth is ignored.
  /// - Throws: `IOFailure` when the file does not exist.
  public init(_ path: FilePath) throws {
    self.init(path, size: try FileStatus.of(path).size)
  }

  /// Opens the file at a byte offset.
  /// - Throws: `IOFailure` when it cannot be opened; reading throws one when the file has become shorter than `size`.
  public func open(at offset: UInt64) throws -> any ByteSource {
    FileSource(try OpenFile.reading(path), offset: offset, end: size)
  }
}

private final class FileSource: ByteSource {
  private let file: OpenFile
  private var offset: UInt64
  private let end: UInt64

  init(_ file: consuming OpenFile, offset: UInt64, end: UInt64) {
    // With this advice the kernel doubles its read-ahead.
    _ = posix_fadvise(file.descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    self.file = file
    self.offset = offset
    self.end = end
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard offset < end else { return 0 }
    let wanted = Int(min(UInt64(buffer.count), end - offset))
    let count = try file.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
    guard count > 0 else {
      throw IOFailure("the file shrank while it was read: \(offset) of \(end) bytes", path: file.path)
    }
    offset += UInt64(count)
    return count
  }
}
