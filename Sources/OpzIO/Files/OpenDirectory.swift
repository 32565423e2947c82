public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// An open directory from which many small files are read: each name is resolved from here, not again from the root.
public final class OpenDirectory: Sendable {
  private let file: OpenFile

  /// Opens a directory.
  /// - Throws: `IOFailure` when it cannot be opened.
  public init(_ path: FilePath) throws {
    file = try OpenFile.opening(path, O_RDONLY | O_DIRECTORY, mode: 0)
  }

  /// Returns the content of a regular file.
  /// - Parameters:
  ///   - name: the bytes of its name, or of a path relative to this directory.
  ///   - limit: the most bytes that the file may have.
  /// - Returns: nil when the file is missing, larger, not regular or unreadable. A caller that needs the reason reads
  ///   the file by its full path.
  public func read(_ name: [UInt8], limit: Int) -> [UInt8]? {
    let descriptor = OpenDirectory.withCString(name) {
      // O_NONBLOCK: opening a pipe must not wait for its writer.
      openat(file.descriptor, $0, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    }
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var info = stat()
    guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG, info.st_size <= limit else { return nil }
    let size = Int(info.st_size)
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      count = size == 0 ? 0 : max(0, pread(descriptor, buffer.baseAddress, size, 0))
    }
    return bytes.count == size ? bytes : nil
  }

  /// Returns the status of a name, links followed; nil when nothing has it.
  /// - Throws: `IOFailure` for any other failure.
  public func find(_ name: [UInt8]) throws -> FileStatus? {
    var info = stat()
    if OpenDirectory.withCString(name, { fstatat(file.descriptor, $0, &info, 0) }) == 0 { return FileStatus(info) }
    guard errno == ENOENT || errno == ENOTDIR else {
      throw IOFailure.last("stat", file.path.appending(String(decoding: name, as: UTF8.self)))
    }
    return nil
  }

  private static func withCString<Value>(_ name: [UInt8], _ body: (UnsafePointer<CChar>) -> Value) -> Value {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: name.count + 1) { buffer in
      for (index, byte) in name.enumerated() { buffer[index] = CChar(bitPattern: byte) }
      buffer[name.count] = 0
      return body(UnsafePointer(buffer.baseAddress!))
    }
  }
}
