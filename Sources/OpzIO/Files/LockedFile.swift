public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A data file that is its own lock file (flock(2)), open and locked until the value goes out of scope or is unlocked.
package struct LockedFile: ~Copyable, Sendable {
  package let file: OpenFile

  private init(_ file: consuming OpenFile) { self.file = file }

  deinit { unlock() }

  /// Lets others lock the file, which stays open. Unlike closing the file, it also ends what a child of another thread
  /// holds with its copy of the descriptor until its exec.
  package func unlock() { _ = flock(file.descriptor, LOCK_UN) }

  /// Opens and locks the file, creating it if needed. A previous holder may have renamed or removed it in the
  /// meantime; then the file that has the name now is taken.
  /// - Parameter waits: whether to block until the lock is free.
  /// - Returns: nil when another process holds the lock and `waits` is false.
  package static func take(_ path: FilePath, waits: Bool) throws -> LockedFile? {
    while true {
      let file = try OpenFile.opening(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
      while flock(file.descriptor, LOCK_EX | (waits ? 0 : LOCK_NB)) != 0 {
        if errno == EWOULDBLOCK { return nil }
        if errno != EINTR { throw IOFailure.last("flock", path) }
      }
      let own = try file.status()
      if let named = try FileStatus.find(path), (named.device, named.inode) == (own.device, own.inode) {
        return LockedFile(file)
      }
    }
  }

  /// Removes a regular file that nobody has locked. A missing file, and one that cannot be removed, is ignored.
  /// - Parameter isOfNoUse: inspects the locked file; false keeps it.
  package static func removeUnused(_ path: FilePath, if isOfNoUse: (borrowing OpenFile) -> Bool = { _ in true }) {
    // Check first: `take` would create the file.
    guard (try? FileStatus.find(path, followLinks: false))??.kind == .file,
      let locked = try? take(path, waits: false)
    else { return }
    if isOfNoUse(locked.file) { try? Durable.remove(path) }
  }
}
