public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What stat(2) says about a file.
public struct FileStatus: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    case file, directory, symlink, other
  }

  public let kind: Kind
  /// Permission bits, setuid, setgid and sticky included.
  public let mode: UInt32
  /// Bytes.
  public let size: UInt64
  public let device: UInt64
  public let inode: UInt64
  /// Nanoseconds since 1970.
  public let modified: Int64
  /// Nanoseconds since 1970 of the last change of content or attributes.
  public let changed: Int64
  public let links: UInt64
  /// The owner's number, and the group's.
  public let user: UInt32
  public let group: UInt32

  init(_ info: stat) {
    switch info.st_mode & S_IFMT {
    case S_IFREG: kind = .file
    case S_IFDIR: kind = .directory
    case S_IFLNK: kind = .symlink
    default: kind = .other
    }
    mode = UInt32(info.st_mode & 0o7777)
    size = UInt64(max(0, info.st_size))
    device = UInt64(info.st_dev)
    inode = UInt64(info.st_ino)
    modified = FileStatus.nanoseconds(info.st_mtim)
    changed = FileStatus.nanoseconds(info.st_ctim)
    links = UInt64(info.st_nlink)
    user = info.st_uid
    group = info.st_gid
  }

  private static func nanoseconds(_ time: timespec) -> Int64 {
    Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }

  /// The status of what `path` names.
  public static func of(_ path: FilePath, followLinks: Bool = true) throws -> FileStatus {
    var info = stat()
    let result = path.withPlatformString { followLinks ? stat($0, &info) : lstat($0, &info) }
    guard result == 0 else { throw IOFailure.last("stat", path) }
    return FileStatus(info)
  }

  /// The status, or nil when nothing has that name.
  public static func find(_ path: FilePath, followLinks: Bool = true) throws -> FileStatus? {
    var info = stat()
    let result = path.withPlatformString { followLinks ? stat($0, &info) : lstat($0, &info) }
    if result == 0 { return FileStatus(info) }
    guard errno == ENOENT || errno == ENOTDIR else { throw IOFailure.last("stat", path) }
    return nil
  }

  /// Whether a change after `moment` would show in the times: they are older than the clock's grain then.
  public func isSettled(at moment: Timestamp) -> Bool {
    let latest = max(modified, changed)
    // A file system without nanoseconds counts in seconds, or in two.
    let grain: Int64 = latest % 1_000_000_000 == 0 ? 2_000_000_000 : 50_000_000
    return latest < moment.milliseconds &* 1_000_000 &- grain
  }
}
