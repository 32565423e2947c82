public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A lock on a file (flock(2)), held until the value goes out of scope. The kernel releases it when the process dies.
///
/// The lock file is never replaced or removed: a lock on a replaced file excludes no one. A lock that cannot be taken
/// for another reason than its holder throws `IOFailure`.
public struct FileLock: ~Copyable, Sendable {
  /// Whether others may hold the lock at the same time.
  public enum Mode: Sendable {
    case shared, exclusive
  }

  private let file: OpenFile

  private init(_ file: consuming OpenFile) { self.file = file }

  // A child of another thread has a copy of the descriptor until its exec, and with it the lock, which closing this one
  // would leave there.
  deinit { _ = flock(file.descriptor, LOCK_UN) }

  /// Takes the lock, waiting for it as long as it takes. It blocks: call it on a dedicated thread.
  public static func take(_ path: FilePath, _ mode: Mode) throws -> FileLock {
    try lock(open(path), mode)
  }

  /// Opens the lock file, creating it if needed. NFS requires it to be open for writing; elsewhere a group member who
  /// may only read it can lock it too.
  private static func open(_ path: FilePath) throws -> OpenFile {
    let file: OpenFile
    do {
      file = try OpenFile.opening(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o664)
    } catch let failure as IOFailure where failure.errno == EACCES || failure.errno == EROFS {
      return try OpenFile.reading(path, followLinks: false)
    }
    if try file.status().mode & 0o060 != 0o060, try SharedDirectory.isShared(path.removingLastComponent()) {
      // When another user owns the file, that user has to share it.
      do { try file.setMode(0o664) } catch let failure as IOFailure where failure.errno == EPERM {}
    }
    return file
  }

  /// Runs `body` while holding the lock. It blocks.
  public static func holding<Value>(_ path: FilePath, _ mode: Mode, body: () throws -> Value) throws -> Value {
    let lock = try take(path, mode)
    let value = try body()
    _ = consume lock
    return value
  }

  private static func lock(_ file: consuming OpenFile, _ mode: Mode) throws -> FileLock {
    while flock(file.descriptor, mode == .shared ? LOCK_SH : LOCK_EX) != 0 {
      if errno != EINTR { throw IOFailure.last("flock", file.path) }
    }
    return FileLock(file)
  }

  /// Takes a lock on a directory itself, so that it needs no lock file. It blocks.
  public static func take(directory: FilePath, _ mode: Mode = .exclusive) throws -> FileLock {
    try lock(OpenFile.opening(directory, O_RDONLY | O_DIRECTORY, mode: 0), mode)
  }

  /// Takes the lock if it is free, without waiting.
  /// - Returns: nil when another holder excludes it.
  public static func tryTake(_ path: FilePath, _ mode: Mode) throws -> FileLock? {
    let file = try open(path)
    if flock(file.descriptor, (mode == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 { return FileLock(file) }
    if errno == EWOULDBLOCK { return nil }
    throw IOFailure.last("flock", path)
  }
}
