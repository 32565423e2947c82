public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file with a lock on itself: what is locked and what is guarded are one.
package enum LockedFile {
  /// Opens and locks, making the file where there is none. Who had it before may have renamed or removed it in the meantime: then it
  /// is another file that has the name.
  /// - Returns: nil when somebody has it and `waits` is false. It blocks where `waits` is true.
  package static func take(_ path: FilePath, waits: Bool) throws -> OpenFile? {
    while true {
      let file = try OpenFile.opening(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
      while flock(file.descriptor, LOCK_EX | (waits ? 0 : LOCK_NB)) != 0 {
        if errno == EWOULDBLOCK { return nil }
        if errno != EINTR { throw IOFailure.last("flock", path) }
      }
      let own = try file.status()
      if let named = try FileStatus.find(path), (named.device, named.inode) == (own.device, own.inode) { return file }
    }
  }

  /// Removes a regular file that nobody has locked. One that is not there, or cannot be removed, is left.
  /// - Parameter isOfNoUse: looks into it first.
  package static func removeUnused(_ path: FilePath, if isOfNoUse: (borrowing OpenFile) -> Bool = { _ in true }) {
    // `take` would make it.
    guard (try? FileStatus.find(path, followLinks: false))??.kind == .file,
      let file = try? take(path, waits: false)
    else { return }
    if isOfNoUse(file) { try? Durable.remove(path) }
  }
}
