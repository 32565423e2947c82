public import OpzIO
import SystemPackage

/// A source file as a blob that detects changes since the file was found.
public struct FileContent: Blob {
  public let file: SourceFile

  /// Creates a blob for a file; nothing is opened until it is read.
  public init(_ file: SourceFile) { self.file = file }

  public var size: UInt64 {
    if case .file(let size) = file.kind { size } else { 0 }
  }

  /// Opens the file for reading from a byte offset.
  /// - Throws: `PackageError` with `.changedWhileRead` when the file's status differs from the one found by the walk.
  public func open(at offset: UInt64) throws -> any ByteSource {
    let handle = try OpenFile.reading(file.source, followLinks: false)
    guard try handle.status() == file.status else { throw FileContent.changed(file.source) }
    return FileContentSource(handle, offset: offset, file: file, size: size)
  }

  static func changed(_ path: FilePath) -> PackageError {
    PackageError(
      .changedWhileRead, path.string, reason: "the file changed while it was packaged",
      hint: "let the program that writes it finish, then run opz package again")
  }
}

private final class FileContentSource: ByteSource {
  private let handle: OpenFile
  private var offset: UInt64
  private let file: SourceFile
  private let size: UInt64

  init(_ handle: consuming OpenFile, offset: UInt64, file: SourceFile, size: UInt64) {
    self.handle = handle
    self.offset = offset
    self.file = file
    self.size = size
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let wanted = Int(min(UInt64(buffer.count), size - min(offset, size)))
    guard wanted > 0 else {
      // Checked at the end: the bytes count only if nobody wrote to the file meanwhile.
      guard try handle.status() == file.status else { throw FileContent.changed(file.source) }
      return 0
    }
    let count = try handle.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
    guard count > 0 else { throw FileContent.changed(file.source) }
    offset += UInt64(count)
    return count
  }
}
