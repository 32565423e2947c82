public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Directories that the members of a group write together: set-group-ID and writable by the group, as `chmod 2770` or `chmod g+ws` makes them.
///
/// What is made in one stays usable by the group whatever umask its maker has, as in git's shared repositories. Other directories, such as /tmp, are
/// not meant so: there the umask counts.
public enum SharedDirectory {
  /// What the group needs of a file that is only ever replaced.
  static let readable: UInt32 = 0o040
  private static let mark: UInt32 = 0o2020

  public static func isOne(_ path: FilePath) throws -> Bool {
    let status = try FileStatus.find(path.isEmpty ? "." : path)
    return status.map { $0.mode & mark == mark } ?? false
  }

  /// Gives a new directory the rights that its parent gives the group.
  static func share(_ path: FilePath, below parent: FilePath) throws {
    guard let above = try FileStatus.find(parent.isEmpty ? "." : parent), above.mode & mark == mark else { return }
    let mode = try FileStatus.of(path).mode | mark | (above.mode & 0o070)
    guard path.withPlatformString({ chmod($0, mode_t(mode)) }) == 0 else { throw IOFailure.last("chmod", path) }
  }
}
