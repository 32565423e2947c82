public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Directories to which the members of a group write together: set-group-ID and group-writable, as made by
/// `chmod 2770` or `chmod g+ws`.
///
/// What is created in one stays usable by the group whatever umask its creator has, as in git's shared repositories.
/// In other directories, such as /tmp, the umask applies.
public enum SharedDirectory {
  /// What the group needs on a file that is replaced rather than written to.
  static let readable: UInt32 = 0o040
  private static let mark: UInt32 = 0o2020

  /// Whether a directory is shared in this sense; false when it does not exist.
  /// - Throws: `IOFailure` when its status cannot be read.
  public static func isShared(_ path: FilePath) throws -> Bool {
    let status = try FileStatus.find(path.isEmpty ? "." : path)
    return status.map { $0.mode & mark == mark } ?? false
  }

  /// Gives a new directory the group permissions of its parent, if the parent is shared.
  static func share(_ path: FilePath, below parent: FilePath) throws {
    guard let above = try FileStatus.find(parent.isEmpty ? "." : parent), above.mode & mark == mark else { return }
    let mode = try FileStatus.of(path).mode | mark | (above.mode & 0o070)
    guard path.withPlatformString({ chmod($0, mode_t(mode)) }) == 0 else { throw IOFailure.last("chmod", path) }
  }
}
