public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Files that are read into memory at once: records, indexes, configuration.
public enum SmallFile {
  /// Reads a regular file.
  /// - Parameter limit: the most bytes to read.
  /// - Throws: `FileTooLarge`, before any byte is read, or `IOFailure`.
  public static func read(_ path: FilePath, limit: Int) throws -> [UInt8] {
    // O_NONBLOCK: opening a pipe must not wait for its writer; it is refused later.
    try read(OpenFile.opening(path, O_RDONLY | O_NONBLOCK, mode: 0), limit: limit)
  }

  /// Reads an open regular file from its start.
  package static func read(_ file: borrowing OpenFile, limit: Int) throws -> [UInt8] {
    let path = file.path
    let status = try file.status()
    guard status.kind == .file else { throw IOFailure("not a regular file", path: path) }
    guard status.size <= UInt64(limit) else {
      throw FileTooLarge(path: path, size: status.size, limit: limit)
    }
    var bytes = [UInt8](repeating: 0, count: Int(status.size))
    var filled = 0
    while filled < bytes.count {
      let count = try bytes.withUnsafeMutableBytes {
        try file.read(at: UInt64(filled), into: UnsafeMutableRawBufferPointer(rebasing: $0[filled...]))
      }
      if count == 0 { throw IOFailure("the file shrank while it was read", path: path) }
      filled += count
    }
    return bytes
  }
}

/// A file that is larger than what is read into memory at once: not the file that it is taken for.
public struct FileTooLarge: ExplainedError {
  /// The file.
  public let path: FilePath
  /// Its size in bytes.
  public let size: UInt64
  /// The most bytes that are read.
  public let limit: Int

  public var category: ErrorCategory { .verification }
  public var subject: String { path.string }
  public var reason: String { "it has \(size) bytes; the limit is \(limit)" }
}
