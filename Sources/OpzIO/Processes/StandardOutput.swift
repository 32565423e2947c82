import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Standard output, which can be full, closed, or a pipe without a reader.
public enum StandardOutput {
  /// Writes all bytes.
  /// - Throws: `IOFailure`; its `errno` is `IOFailure.readerIsGone` when the other end of a pipe was closed.
  public static func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try OpenFile.write($0, to: STDOUT_FILENO, path: path) }
  }

  /// Reports errors that a file system reveals only on close (a quota on NFS). Descriptor 1 stays open.
  /// - Throws: `IOFailure`.
  public static func finish() throws {
    let copy = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
    guard copy >= 0 else { return }
    if close(copy) != 0, errno != EINTR { throw IOFailure.last("close", path) }
  }

  /// Whether a failure means that standard output no longer has a reader.
  public static func isClosed(_ failure: IOFailure) -> Bool {
    failure.errno == IOFailure.readerIsGone && failure.path == path
  }

  static let path: FilePath = "standard output"
}
