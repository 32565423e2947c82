public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A directory that is open, for who reads many small files in it: each name is looked up from here, and not from the root again.
public final class OpenDirectory: Sendable {
  private let file: OpenFile

  public init(_ path: FilePath) throws {
    file = try OpenFile.opening(path, O_RDONLY | O_DIRECTORY, mode: 0)
  }

  /// The content of a regular file.
  /// - Parameters:
  ///   - name: the bytes of its name, or of a path that begins here.
  ///   - limit: more bytes than this are not read.
  /// - Returns: nil where that is not so for any reason. Whoever wants to know it reads the file by its whole path.
  public func read(_ name: [UInt8], limit: Int) -> [UInt8]? {
    let descriptor = OpenDirectory.withCString(name) {
      // A pipe would not be waited for.
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

  /// What stat(2) says of a name; nil where nothing has it.
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
